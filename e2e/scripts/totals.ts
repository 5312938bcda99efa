/** Reads the JSON reports of the two test runners. */
import * as v from "valibot";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

const VitestReport = v.object({
  numPassedTests: Count,
  numFailedTests: Count,
  numPendingTests: Count,
  numTodoTests: Count,
  testResults: v.array(
    v.object({ status: v.string(), assertionResults: v.array(v.object({ status: v.string() })) }),
  ),
});

const PlaywrightReport = v.object({
  stats: v.object({ expected: Count, unexpected: Count, flaky: Count, skipped: Count }),
  errors: v.array(v.unknown()),
});

/** A file that failed without a failed test in it (it did not load) counts as one failure. */
export function vitestTotals(json: string): Totals {
  const report = v.parse(VitestReport, JSON.parse(json));
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((result) => result.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** A test that passed on a second attempt failed. An error outside every test counts as one. */
export function playwrightTotals(json: string): Totals {
  const { stats, errors } = v.parse(PlaywrightReport, JSON.parse(json));
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
  };
}

/** What one step adds: its report, and a failure where it failed without reporting one. */
export function stepTotals(status: number | null, report: Totals | undefined): Totals {
  const totals = report ?? { passed: 0, failed: 0, skipped: 0 };
  return status !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

export function sum(parts: readonly Totals[]): Totals {
  const add = (key: keyof Totals): number => parts.reduce((total, part) => total + part[key], 0);
  return { passed: add("passed"), failed: add("failed"), skipped: add("skipped") };
}

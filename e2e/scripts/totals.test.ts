import { describe, expect, it } from "vitest";
import { playwrightTotals, stepTotals, sum, vitestTotals } from "./totals.ts";

function vitestJson(failedFiles: readonly (readonly string[])[]): string {
  return JSON.stringify({
    numPassedTests: 5,
    numFailedTests: failedFiles.flat().filter((status) => status === "failed").length,
    numPendingTests: 1,
    numTodoTests: 2,
    testResults: [
      { status: "passed", assertionResults: [{ status: "passed" }] },
      ...failedFiles.map((statuses) => ({
        status: "failed",
        assertionResults: statuses.map((status) => ({ status })),
      })),
    ],
  });
}

function playwrightJson(stats: object, errors: readonly object[]): string {
  return JSON.stringify({ stats, errors });
}

describe("totals of the unit tests", () => {
  it("are those of the report", () => {
    expect(vitestTotals(vitestJson([]))).toEqual({ passed: 5, failed: 0, skipped: 3 });
    expect(vitestTotals(vitestJson([["passed", "failed", "failed"]])).failed).toBe(2);
  });

  it("count a file that did not load", () => {
    expect(vitestTotals(vitestJson([[], ["failed"]])).failed).toBe(2);
  });

  it("are refused in another shape", () => {
    expect(() => vitestTotals("{}")).toThrow("numPassedTests");
  });
});

describe("totals of the browser tests", () => {
  it("count a flaky test and an error outside the tests as failures", () => {
    const stats = { expected: 3, unexpected: 1, flaky: 1, skipped: 2 };
    expect(playwrightTotals(playwrightJson(stats, [{ message: "boom" }]))).toEqual({
      passed: 3,
      failed: 3,
      skipped: 2,
    });
  });
});

describe("the whole", () => {
  const green = { passed: 3, failed: 0, skipped: 0 };

  it("adds a failure where a step failed and reported none", () => {
    expect(stepTotals(0, green)).toEqual(green);
    expect(stepTotals(1, green).failed).toBe(1);
    expect(stepTotals(null, undefined).failed).toBe(1);
    expect(stepTotals(1, { ...green, failed: 2 }).failed).toBe(2);
  });

  it("is the sum of its parts", () => {
    expect(sum([green, { passed: 1, failed: 2, skipped: 4 }])).toEqual({
      passed: 4,
      failed: 2,
      skipped: 4,
    });
  });
});

/**
 * `npm test`: unit and integration tests, the builds, then the tests in a real browser and those of
 * the desktop app. Every step runs even after a failed one. The last line is the total of all.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findChromium, installChromium, NO_CHROMIUM, thisMachine } from "./chromium.ts";
import { playwrightTotals, stepTotals, sum, vitestTotals } from "./totals.ts";
import type { Totals } from "./totals.ts";

const root = join(import.meta.dirname, "..", "..");
const results = join(root, "test-results");
const ci = process.env["CI"] !== undefined && process.env["CI"] !== "";

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const parts = [unit(), build(), browser(), shell()];
const { passed, failed, skipped } = sum(parts);
const skippedInCi = ci && skipped > 0;
if (skipped > 0) say(`${skipped} skipped${ci ? ": with CI set, nothing may be skipped" : ""}`);
if (passed === 0) say("No test passed: nothing was tested.");
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 || skippedInCi ? 1 : 0;

function unit(): Totals {
  const report = join(results, "vitest.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = run("vitest", ["run", ...reporters]);
  return stepTotals(status, read(report, vitestTotals));
}

/** A build is no test: it adds to the failures only. */
function build(): Totals {
  const renderer = stepTotals(run("npm", ["run", "--silent", "build"]), undefined);
  const shell = stepTotals(run("npm", ["run", "--silent", "build:electron"]), undefined);
  return sum([renderer, shell]);
}

function browser(): Totals {
  const machine = thisMachine();
  const chromium = findChromium(machine) ?? installChromium(machine);
  if (chromium === undefined) {
    say(NO_CHROMIUM);
    return stepTotals(1, undefined);
  }
  const report = join(results, "playwright.json");
  const args = ["test", "--config", "e2e/playwright.config.ts", "--reporter=list,json"];
  const status = run("playwright", args, {
    BEELINE_CHROMIUM: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  return stepTotals(status, read(report, playwrightTotals));
}

/** The desktop app, over the stand-in for Electron: a step that says so itself. */
function shell(): Totals {
  const report = join(results, "shell.json");
  const status = run("node", ["e2e/scripts/e2e.ts", "--reporter=list,json"], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  return stepTotals(status, read(report, playwrightTotals));
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } } as const;
  const { status, error } = spawnSync(command, args, options);
  if (error !== undefined) say(`${command}: ${error.message}`);
  return status;
}

function read(path: string, parse: (json: string) => Totals): Totals | undefined {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    say(`${path} cannot be read: ${String(error)}`);
    // Counted as a failure: a runner that left no report did not finish.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * `npm run natlab [-- --only NAME] [--jobs N] [--json] [--list] [--where-possible]`: two real clients
 * and a real server in networks of many kinds (README.md beside this). Ends with 1 where a message is
 * lost, doubled or out of order, or takes another path than it should; with 2 where the lab cannot
 * run here, or with 0 where `--where-possible` says that this is well.
 */
import { parseArgs } from "node:util";
import * as v from "valibot";
import { findChromium, thisMachine } from "../scripts/chromium.ts";
import { removeLabs, removeLeftovers } from "./lab.ts";
import { installTools, whatIsMissing, whyNot } from "./requirements.ts";
import { runScenario, skipped } from "./run-scenario.ts";
import type { Result, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { leastMs } from "./schedule.ts";
import { tableHead, tableRow } from "./table.ts";

const Jobs = v.pipe(v.string(), v.regex(/^[1-9]\d?$/), v.transform(Number));

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    jobs: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    "where-possible": { type: "boolean", default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.list) {
    for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(24)} ${about}\n`);
    return 0;
  }
  const chosen = values.only ?? SCENARIOS.map(({ name }) => name);
  const unknown = chosen.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) return refuse(`no such scenario: ${unknown.join(", ")} (see --list)`);
  const jobs = v.safeParse(Jobs, values.jobs);
  if (!jobs.success) return refuse("--jobs takes a number from 1 to 99");
  leaveNothing();
  if (values["where-possible"]) installTools();
  const obstacle = await whyNot();
  if (obstacle !== undefined) {
    if (!values["where-possible"]) return refuse(obstacle);
    process.stdout.write(`NAT lab: not run here: ${obstacle}\n`);
    return 0;
  }
  const left = removeLeftovers();
  if (left.length > 0)
    process.stderr.write(
      `natlab: removed what a former run has left (${left.length} namespaces and folders)\n`,
    );
  const scenarios = SCENARIOS.filter(({ name }) => chosen.includes(name));
  return await runAll(scenarios, jobs.output);
}

/** So many at a time. What takes long begins first, so that nothing waits for it at the end. */
async function runAll(scenarios: readonly Scenario[], jobs: number): Promise<number> {
  const chromium = findChromium(thisMachine());
  const missing = whatIsMissing(chromium);
  if (!values.json) process.stdout.write(tableHead());
  const queue = jobs === 1 ? [...scenarios] : scenarios.toSorted((a, b) => leastMs(b) - leastMs(a));
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) {
      const reasons = (scenario.needs ?? []).flatMap((need) => missing.get(need) ?? []);
      const result =
        reasons.length > 0 ? skipped(scenario, reasons) : await runScenario(scenario, chromium);
      results.push(result);
      process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : tableRow(result));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const count = (verdict: Result["verdict"]) =>
    results.filter((result) => result.verdict === verdict).length;
  if (!values.json)
    process.stdout.write(
      `NAT lab: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`,
    );
  return count("failed") > 0 ? 1 : 0;
}

function refuse(reason: string): number {
  process.stderr.write(`natlab: ${reason}\n`);
  return 2;
}

/** However this process ends, short of SIGKILL; after that the next run does it. */
function leaveNothing(): void {
  process.on("exit", () => removeLabs());
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ] as const) {
    process.on(signal, () => process.exit(128 + number));
  }
}

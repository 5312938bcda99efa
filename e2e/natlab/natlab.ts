/**
 * `npm run natlab [-- --only NAME] [--json] [--list]`: two real clients and a real server in networks
 * of many kinds (README.md beside this). Ends with 1 where a message is lost, doubled or out of order,
 * or takes another path than it should; with 2 where the lab cannot run here.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { hasNetem, removeLab, removeLeftovers } from "./lab.ts";
import { runScenario } from "./run-scenario.ts";
import type { Need, Result, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { tableHead, tableRow } from "./table.ts";

const TOOLS = ["ip", "tc", "nft", "sysctl"];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
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
  const obstacle = whyNot();
  if (obstacle !== undefined) return refuse(obstacle);
  leaveNothing();
  const left = removeLeftovers();
  if (left.length > 0)
    process.stderr.write(
      `natlab: removed what a former run has left (${left.length} namespaces and folders)\n`,
    );
  return await runAll(SCENARIOS.filter(({ name }) => chosen.includes(name)));
}

async function runAll(scenarios: readonly Scenario[]): Promise<number> {
  const missing = await whatIsMissing();
  if (!values.json) process.stdout.write(tableHead());
  const results: Result[] = [];
  for (const scenario of scenarios) {
    const reasons = (scenario.needs ?? []).flatMap((need) => missing.get(need) ?? []);
    const result = reasons.length > 0 ? skipped(scenario, reasons) : await runScenario(scenario);
    results.push(result);
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : tableRow(result));
  }
  return results.some(({ verdict }) => verdict === "failed") ? 1 : 0;
}

/** What scenarios may need and this machine has not. Of STUN, the server is asked. */
async function whatIsMissing(): Promise<ReadonlyMap<Need, string>> {
  const missing = new Map<Need, string>();
  if (!(await hasNetem())) missing.set("netem", "this kernel has no netem, which delays packets");
  if (!isInstalled("turnserver")) missing.set("coturn", "coturn is not installed");
  if (!isInstalled("nginx")) missing.set("nginx", "nginx is not installed");
  return missing;
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

function skipped({ name }: Scenario, reasons: readonly string[]): Result {
  return { scenario: name, verdict: "skipped", reasons, seconds: 0 };
}

/** Why the lab cannot run here, in one line. */
function whyNot(): string | undefined {
  if (process.platform !== "linux") return "only Linux has network namespaces";
  if (process.getuid?.() !== 0) return "only root may make network namespaces: sudo npm run natlab";
  const missing = TOOLS.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return undefined;
  return `missing: ${missing.join(", ")} (apt-get install -y iproute2 nftables procps)`;
}

function refuse(reason: string): number {
  process.stderr.write(`natlab: ${reason}\n`);
  return 2;
}

/** However this process ends, short of SIGKILL; after that the next run does it. */
function leaveNothing(): void {
  process.on("exit", () => removeLab());
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ] as const) {
    process.on(signal, () => process.exit(128 + number));
  }
}

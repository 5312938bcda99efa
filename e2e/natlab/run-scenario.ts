import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../client-driver.ts";
import { RendezvousProcess } from "../support/rendezvous-process.ts";
import { MESSAGES, OneWay } from "./conversation.ts";
import { judge } from "./judge.ts";
import { Lab, labFolder } from "./lab.ts";
import type { Action, Observation, Path, Result, Scenario } from "./scenario.ts";
import { ReverseProxy } from "./reverse-proxy.ts";
import { PORT } from "./sites.ts";
import { answersStun } from "./stun-probe.ts";
import { TurnServer } from "./turn-server.ts";

const PASSWORD = "a password for the lab";

/** Until a registration, a request or a first message is through, on the slowest of networks. */
const PATIENCE_MS = 45_000;

/** A direct link that is possible is found by then: two attempts, the pause between them included. */
const DIRECT_PATIENCE_MS = 25_000;

/** Where none is possible: longer than an attempt takes. */
const NO_DIRECT_PATIENCE_MS = 10_000;

const EVERY_MS = 20;
const LOOK_MS = 100;

interface Stage {
  readonly lab: Lab;
  readonly server: RendezvousProcess;
  readonly ada: Client;
  readonly ben: Client;
}

/** Builds the network, talks, judges, and leaves nothing. Never throws for what a scenario does. */
export async function runScenario(scenario: Scenario): Promise<Result> {
  const start = performance.now();
  const result = (verdict: Result["verdict"], reasons: readonly string[]) => ({
    scenario: scenario.name,
    verdict,
    reasons,
    seconds: (performance.now() - start) / 1000,
  });
  try {
    const observed = await play(scenario);
    if (observed === undefined) return result("skipped", ["the server answers no STUN"]);
    const reasons = judge(scenario.expected, observed);
    return { ...result(reasons.length === 0 ? "passed" : "failed", reasons), observed };
  } catch (error) {
    return result("failed", [error instanceof Error ? error.message : String(error)]);
  }
}

/** Undefined where the server cannot what the scenario needs. */
async function play(scenario: Scenario): Promise<Observation | undefined> {
  await using lab = await Lab.build(scenario.topology);
  const folder = await labFolder();
  await using turn =
    scenario.turn === undefined ? undefined : await TurnServer.start(lab, folder, scenario.turn);
  await using proxy =
    scenario.proxy === undefined ? undefined : await ReverseProxy.start(lab, folder);
  await using server = await RendezvousProcess.start(
    join(folder, "server"),
    ["--tls", "off", "--no-web-client", ...(turn?.flags ?? []), ...(proxy?.flags ?? [])],
    { prefix: lab.on("server"), ...whereToListen(scenario) },
  );
  if (scenario.needs?.includes("stun") === true && !(await answersStun(lab, scenario.server))) {
    return undefined;
  }
  const client = (person: string) =>
    new Client({
      server: scenario.server,
      dataFolder: join(folder, person),
      prefix: [...lab.on(person), ...(proxy?.clientPrefix ?? [])],
    });
  await using ada = client("ada");
  await using ben = client("ben");
  return await talk(scenario, { lab, server, ada, ben });
}

function whereToListen({ server, proxy }: Scenario): { host: string; port: number } {
  if (proxy !== undefined) return { host: "127.0.0.1", port: PORT };
  return { host: "::", port: Number(new URL(server).port) };
}

async function talk(scenario: Scenario, stage: Stage): Promise<Observation> {
  const { ada, ben } = stage;
  await befriend(ada, ben);
  const start = performance.now();
  const shouldBeDirect = scenario.expected.hundredth === "direct";
  const patienceMs = shouldBeDirect ? DIRECT_PATIENCE_MS : NO_DIRECT_PATIENCE_MS;
  const opened = directOpened(stage, start, patienceMs);
  const length = scenario.textLength;
  const ways = [
    new OneWay({ from: "ada", to: "ben" }, ada, ben, length),
    new OneWay({ from: "ben", to: "ada" }, ben, ada, length),
  ];
  const send = () => Promise.all(ways.map((way) => way.send()));
  const delivered = async () =>
    (await Promise.all(ways.map((way) => way.delivered(PATIENCE_MS)))).every(Boolean);

  await send();
  // The others go once the first is through and, where there can be one, over a direct link.
  let isWell = await delivered();
  if (shouldBeDirect) isWell = (await opened) !== undefined && isWell;
  await sendRest(scenario, stage, send);
  isWell = (await delivered()) && isWell;
  // Whatever has happened meanwhile: the last one goes when all is as it was.
  if (shouldBeDirect && isWell) await untilDirect(stage);
  await send();
  await delivered();
  return await observe(ways, await opened);
}

async function befriend(ada: Client, ben: Client): Promise<void> {
  const patience = { timeoutMs: PATIENCE_MS };
  await Promise.all([ada.register("ada", PASSWORD), ben.register("ben", PASSWORD)]);
  await ada.add("ben");
  await ben.until(
    "ada's request",
    (event) => (event.event === "roster" && event.state === "pending" ? true : undefined),
    patience,
  );
  await ben.accept("ada");
  await ada.until(
    "ben's answer",
    (event) => (event.event === "roster" && event.state === "buddies" ? true : undefined),
    patience,
  );
}

/** Resolves to the time at which both ends have a direct link, ms; undefined if not in time. */
async function directOpened(
  { ada, ben }: Stage,
  start: number,
  timeoutMs: number,
): Promise<number | undefined> {
  const opened = [ada, ben].map((client) =>
    client.until(
      "the direct link",
      (event) => (event.event === "link" && event.link.direct === "open" ? true : undefined),
      { timeoutMs },
    ),
  );
  const outcomes = await Promise.allSettled(opened);
  if (outcomes.some(({ status }) => status === "rejected")) return undefined;
  return performance.now() - start;
}

/** All but the first and the last, and what is done to the network meanwhile. */
async function sendRest(
  { actions = [], everyMs = EVERY_MS }: Scenario,
  stage: Stage,
  send: () => Promise<unknown>,
): Promise<void> {
  const underWay: Promise<void>[] = [];
  for (let sent = 1; sent < MESSAGES - 1; sent += 1) {
    for (const action of actions.filter(({ after }) => after === sent)) {
      const done = act(action, stage);
      // Awaited below; its failure must not end the process before that.
      done.catch(() => undefined);
      underWay.push(done);
    }
    await send();
    await pause(everyMs);
  }
  await Promise.all(underWay);
}

async function act(action: Action, { lab, server }: Stage): Promise<void> {
  if ("cable" in action) {
    await lab.cable(action.cable, "down");
    await pause(action.downMs);
    await lab.cable(action.cable, "up");
  } else if ("readdress" in action) {
    await lab.readdress(action.readdress, action.to);
  } else if (action.server === "killed") {
    await server.stop("SIGKILL");
    await pause(action.downMs);
    await server.start();
  } else {
    await lab.readdress("server", [`${action.to}/${action.prefixLength}`]);
    await lab.rename(action.to);
  }
}

/** Waits until both ends have a direct link at this moment, as long as one may take. */
async function untilDirect({ ada, ben }: Stage): Promise<void> {
  const end = performance.now() + DIRECT_PATIENCE_MS;
  while (performance.now() < end) {
    const links = (await Promise.all([ada.links(), ben.links()])).flat();
    if (links.length === 2 && links.every(({ direct }) => direct === "open")) return;
    await pause(LOOK_MS);
  }
}

async function observe(
  ways: readonly OneWay[],
  directMs: number | undefined,
): Promise<Observation> {
  const counts = await Promise.all(ways.map((way) => way.count()));
  const sum = (of: (count: (typeof counts)[number]) => number) =>
    counts.reduce((total, count) => total + of(count), 0);
  const paths = (n: number): readonly Path[] => [
    ...new Set(ways.flatMap((way) => way.path(n) ?? [])),
  ];
  const taken = (path: Path) => ways.reduce((total, way) => total + way.countBy(path), 0);
  const worsts = ways.flatMap(({ worstMs }) => worstMs ?? []);
  const firsts = ways.flatMap(({ firstMs }) => firstMs ?? []);
  return {
    first: paths(0),
    hundredth: paths(MESSAGES - 1),
    paths: { direct: taken("direct"), relayed: taken("relayed"), stored: taken("stored") },
    firstMs: firsts.length === ways.length ? Math.max(...firsts) : undefined,
    worstMs: worsts.length === 0 ? undefined : Math.max(...worsts),
    directMs,
    sent: ways.reduce((total, { sent }) => total + sent, 0),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
  };
}

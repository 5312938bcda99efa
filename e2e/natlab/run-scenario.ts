import { setTimeout as pause } from "node:timers/promises";
import type { ClientPair } from "../client-wire.ts";
import { act, countedPackets, countPackets } from "./actions.ts";
import { MESSAGES, OneWay } from "./conversation.ts";
import { judge } from "./judge.ts";
import { observe } from "./observe.ts";
import { clientOf, PEOPLE, type Observation, type Result, type Scenario } from "./scenario.ts";
import { setStage, type Stage } from "./stage.ts";
import { answersStun } from "./stun-probe.ts";

const PASSWORD = "a password for the lab";

/** Until a request or a first message is through, on the slowest of networks. */
const PATIENCE_MS = 45_000;

/** A direct link that is possible is found by then: two attempts, the pause between them included. */
const DIRECT_PATIENCE_MS = 25_000;

/** Where none is possible: longer than an attempt takes. */
const NO_DIRECT_PATIENCE_MS = 10_000;

/** The two ends of a link that is given up say goodbye to each other until then. */
const LEAVING_MS = 3_000;

const EVERY_MS = 20;
const LOOK_MS = 100;

/**
 * Builds the network, talks, judges, and leaves nothing. Never throws for what a scenario does.
 * @param chromium the program, where it is installed
 */
export async function runScenario(scenario: Scenario, chromium?: string): Promise<Result> {
  const start = performance.now();
  const result = (verdict: Result["verdict"], reasons: readonly string[]): Result => ({
    ...whoIsIn(scenario),
    verdict,
    reasons,
    seconds: (performance.now() - start) / 1000,
  });
  try {
    const observed = await play(scenario, chromium);
    if (observed === undefined) return result("skipped", ["the server answers no STUN"]);
    const reasons = judge(scenario.expected, observed);
    return { ...result(reasons.length === 0 ? "passed" : "failed", reasons), observed };
  } catch (error) {
    return result("failed", [error instanceof Error ? error.message : String(error)]);
  }
}

export function skipped(scenario: Scenario, reasons: readonly string[]): Result {
  return { ...whoIsIn(scenario), verdict: "skipped", reasons, seconds: 0 };
}

function whoIsIn(scenario: Scenario): Pick<Result, "scenario" | "client"> {
  const kinds = new Set(PEOPLE.map((person) => clientOf(scenario, person)));
  return { scenario: scenario.name, client: [...kinds].join("+") };
}

/** Undefined where the server cannot what the scenario needs. */
async function play(scenario: Scenario, chromium?: string): Promise<Observation | undefined> {
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(scenario, chromium, stack);
  if (scenario.needs?.includes("stun") === true) {
    if (!(await answersStun(stage.lab, scenario.server))) return undefined;
  }
  const { ada, ben } = stage;
  await Promise.all([ada.register("ada", PASSWORD), ben.register("ben", PASSWORD)]);
  await ada.add("ben");
  await ben.accept("ada");
  // Where they are to be told first by which ways they may talk, what opens before does not count.
  const atOnce = scenario.routes === undefined ? directOpened(stage, [0, 0]) : undefined;
  await Promise.all([ada.isBuddy("ben"), ben.isBuddy("ada")]);
  return await talk(stage, atOnce ?? directOpened(stage, await setRoutes(stage)));
}

/** @returns after which event of each what they asked for holds */
async function setRoutes(stage: Stage): Promise<readonly [number, number]> {
  const { routes = {}, expected } = stage.scenario;
  const { ada, ben, lab } = stage;
  if (routes.ada !== undefined) await ada.setRoute("ben", routes.ada);
  if (routes.ben !== undefined) await ben.setRoute("ada", routes.ben);
  if (expected.hundredth !== "direct") await untilLinks(stage, false);
  if (expected.apart === true) {
    await pause(LEAVING_MS);
    await countPackets(lab);
  }
  return [ada.events.length, ben.events.length];
}

async function talk(stage: Stage, opened: Promise<number | undefined>): Promise<Observation> {
  const { ada, ben, lab, scenario } = stage;
  const shouldBeDirect = scenario.expected.hundredth === "direct";
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
  await sendRest(stage, send, delivered);
  isWell = (await delivered()) && isWell;
  // Whatever has happened meanwhile: the last one goes when all is as it was.
  if (shouldBeDirect && isWell) await untilLinks(stage, true);
  await send();
  await delivered();
  const pair = await pairOf(stage);
  return {
    ...(await observe(ways)),
    directMs: await opened,
    ...(pair === undefined ? {} : { pair }),
    ...(scenario.expected.apart === true ? { packets: await countedPackets(lab) } : {}),
  };
}

/** How long it took from now until both ends had a direct link, ms; undefined if not in time. */
async function directOpened(
  { ada, ben, scenario }: Stage,
  after: readonly [number, number],
): Promise<number | undefined> {
  const start = performance.now();
  const timeoutMs =
    scenario.expected.hundredth === "direct" ? DIRECT_PATIENCE_MS : NO_DIRECT_PATIENCE_MS;
  const opened = [ada, ben].map((client, n) =>
    client.until(
      "the direct link",
      (event) => (event.event === "link" && event.link.direct === "open" ? true : undefined),
      { timeoutMs, after: after[n] ?? 0 },
    ),
  );
  const outcomes = await Promise.allSettled(opened);
  const isOpen = outcomes.every(({ status }) => status === "fulfilled");
  return isOpen ? performance.now() - start : undefined;
}

/** All but the first and the last, and what is done to the network meanwhile. */
async function sendRest(
  stage: Stage,
  send: () => Promise<unknown>,
  delivered: () => Promise<unknown>,
): Promise<void> {
  const { actions = [], everyMs = EVERY_MS } = stage.scenario;
  const underWay: Promise<void>[] = [];
  for (let sent = 1; sent < MESSAGES - 1; sent += 1) {
    for (const action of actions.filter(({ after }) => after === sent)) {
      const isEnd = "server" in action && action.server === "gone";
      // Nothing waits for a receipt then: the clock that it is measured by ends with the client.
      if (isEnd) await delivered();
      const done = act(action, stage);
      // Awaited below; its failure must not end the process before that.
      done.catch(() => undefined);
      underWay.push(done);
      if (isEnd) await done;
    }
    await send();
    await pause(everyMs);
  }
  await Promise.all(underWay);
}

/** Waits until both ends have a direct link, or none has one, as long as opening one may take. */
async function untilLinks({ ada, ben }: Stage, isDirect: boolean): Promise<void> {
  const end = performance.now() + DIRECT_PATIENCE_MS;
  while (performance.now() < end) {
    const links = await Promise.all([ada.links(), ben.links()]);
    const open = links.map((ofOne) => ofOne.some(({ direct }) => direct === "open"));
    if (open.every((isOpen) => isOpen === isDirect)) return;
    await pause(LOOK_MS);
  }
}

async function pairOf({ ada }: Stage): Promise<ClientPair | undefined> {
  const [link] = await ada.links();
  return link?.direct === "open" ? link.pair : undefined;
}

import { latencies } from "./bench/statistics.ts";
import type { Client } from "./client-driver.ts";

/** Messages on their way at one time in each direction: a brisk conversation, not a flood. */
const WINDOW = 4;

/** Longer than the engine takes to give a dead link up and go by relay. */
const PATIENCE_MS = 30_000;

/** What a stage uses of a client. */
export type StageClient = Pick<Client, "send" | "until" | "received" | "history">;

interface End {
  readonly name: string;
  readonly client: StageClient;
}

interface Way {
  readonly from: End;
  readonly to: End;
}

export interface Stage {
  readonly name: string;
  /** The path that every message must take. */
  readonly path: "direct" | "relayed" | "stored";
  /** In all, shared evenly by the ways. */
  readonly messages: number;
  readonly ways: readonly Way[];
  /** Brings the recipient back, once everything is stored. */
  readonly beforeReceiving?: () => Promise<void>;
}

/** A line of the demo; the order of the fields is that of its columns. */
export interface StageResult {
  readonly stage: string;
  readonly sent: number;
  readonly received: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** The path, or all that were taken: `direct+relayed`. */
  readonly path: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly passed: boolean;
}

/** Sends a stage's messages and counts what became of them, at both ends. */
export async function measureStage(stage: Stage): Promise<StageResult> {
  const each = stage.messages / stage.ways.length;
  const sent = (await Promise.all(stage.ways.map((way) => sendAll(stage, way, each)))).flat();
  await stage.beforeReceiving?.();
  const received = await Promise.all(stage.ways.map((way) => receiveAll(stage, way, each)));
  const paths = new Set([
    ...sent.map(({ path }) => path),
    ...received.flatMap((counts) => counts.paths),
  ]);
  const { p50, p99 } = latencies(sent.map(({ elapsedMs }) => elapsedMs));
  const result = {
    stage: stage.name,
    sent: sent.length,
    received: sum(received.map((counts) => counts.received)),
    duplicated: sum(received.map((counts) => counts.duplicated)),
    outOfOrder: sum(received.map((counts) => counts.outOfOrder)),
    path: [...paths].toSorted().join("+"),
    p50Ms: hundredths(p50),
    p99Ms: hundredths(p99),
  };
  const { received: arrived, duplicated, outOfOrder, path } = result;
  const whole = result.sent === stage.messages && arrived === stage.messages;
  const passed = whole && duplicated === 0 && outOfOrder === 0 && path === stage.path;
  return { ...result, passed };
}

interface Outcome {
  readonly path: string;
  readonly elapsedMs: number;
}

async function sendAll(stage: Stage, { from, to }: Way, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const underWay = new Set<Promise<void>>();
  for (let n = 0; n < count; n += 1) {
    const { id, at } = await from.client.send(to.name, textOf(stage, n));
    const settled = arrivalOf(from.client, stage, id).then((arrival) => {
      outcomes.push({ path: arrival.path, elapsedMs: arrival.at - at });
      underWay.delete(settled);
    });
    underWay.add(settled);
    // Awaited below; a second failure among them must not end the process before that.
    settled.catch(() => undefined);
    if (underWay.size >= WINDOW) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return outcomes;
}

/** The change by which a message is out of its sender's care. */
function arrivalOf(client: StageClient, stage: Stage, id: string) {
  const state = stage.path === "stored" ? "sent" : "delivered";
  return client.until(
    `a message to be ${state} (${stage.name})`,
    (event) => {
      if (event.event !== "messageChanged" || event.message.id !== id) return undefined;
      const { message, at } = event;
      if (message.state === "failed") throw new Error(`a message failed: ${message.reason}`);
      if (message.state !== state) return undefined;
      // In transit on a link: nobody has it yet.
      if (state === "sent" && message.path !== "stored") return undefined;
      return { path: message.path ?? "none", at };
    },
    { timeoutMs: PATIENCE_MS },
  );
}

interface Counts {
  readonly received: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly paths: readonly string[];
}

async function receiveAll(stage: Stage, { to, from }: Way, count: number): Promise<Counts> {
  const mine = () => to.client.received.filter(({ text }) => text.startsWith(prefixOf(stage)));
  const distinct = () => new Set(mine().map(({ id }) => id)).size;
  await to.client
    .until(`the messages of ${from.name}`, () => (distinct() >= count ? true : undefined), {
      timeoutMs: PATIENCE_MS,
    })
    // The count then tells how many are missing.
    .catch((error: unknown) => process.stderr.write(`demo: ${String(error)}\n`));
  // A doubled message may come late: asking for the history lets it.
  const history = (await to.client.history(from.name, 1000)).filter(
    ({ own, text }) => !own && text.startsWith(prefixOf(stage)),
  );
  const told = mine();
  return {
    received: Math.min(distinct(), history.length),
    duplicated: told.length - distinct() + Math.max(0, history.length - distinct()),
    outOfOrder:
      inversions(told.map(({ text }) => text)) + inversions(history.map(({ text }) => text)),
    paths: told.map(({ path }) => path ?? "none"),
  };
}

/** Texts sort as they were sent. */
/** What the stage's message with that number says. */
export function textOf(stage: Pick<Stage, "name">, n: number): string {
  return `${prefixOf(stage)}${String(n).padStart(6, "0")}`;
}

function prefixOf({ name }: Pick<Stage, "name">): string {
  return `${name} message `;
}

function inversions(texts: readonly string[]): number {
  return texts.filter((text, n) => n > 0 && text < (texts[n - 1] ?? "")).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import type { Figure } from "./figure.ts";
import { leastFigures, leastOfSealing } from "./least.ts";
import { Worker } from "./rpc.ts";
import { Latencies, latencies, median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";

const BYTES = 200;
const PINGS = 1000;
/** Reference and subject take turns, so that a busy moment of the machine meets both. */
const ROUNDS = 5;
const CONNECTS = 20;

/**
 * Round trips of small messages, direct and relayed, and the time to a direct link. What is judged
 * keeps its history in memory, for the references have no disk either; its cost stands beside it.
 */
export async function roundTrips(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using rawA = new Worker("raw-peer.ts");
  await using rawB = new Worker("raw-peer.ts");
  const made = (name: string, options: PairOptions): Promise<Pair> =>
    pair(server.address, join(folder, name), name, options);
  await using direct = await made("d", { direct: true, history: "memory" });
  await using relayed = await made("r", { direct: false, history: "memory" });
  await using directDisk = await made("dd", { direct: true, history: "disk" });
  await using relayedDisk = await made("rd", { direct: false, history: "disk" });
  await using forwarder = new Worker("raw-forwarder.ts");
  await using forwardedA = new Worker("forwarder-client.ts");
  await using forwardedB = new Worker("forwarder-client.ts");

  const rawConnects: number[] = [];
  for (let round = 0; round < CONNECTS; round++) rawConnects.push(await connectRaw(rawA, rawB));
  const connects: number[] = [];
  for (let round = 0; round < CONNECTS; round++) {
    if (round > 0) await direct.a.call("reconnect", {}, v.unknown());
    connects.push(await direct.a.call("linkOpened", {}, v.number()));
  }

  while (!(await direct.a.call("converse", "d-two", v.boolean()))) await delay(10);
  await directDisk.a.call("linkOpened", {}, v.number());

  const port = await forwarder.call("start", {}, v.number());
  for (const end of [forwardedA, forwardedB]) {
    await end.call("connect", `ws://127.0.0.1:${port}/pair`, v.unknown());
  }
  const times = new Map<Worker, Latencies[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const worker of [rawA, direct.a, directDisk.a, forwardedA, relayed.a, relayedDisk.a]) {
      const before = times.get(worker) ?? [];
      const measured = await worker.call("ping", { count: PINGS, bytes: BYTES }, Latencies);
      times.set(worker, [...before, measured]);
    }
  }
  const p50 = (of: Worker): number => median((times.get(of) ?? []).map((round) => round.p50));
  const p99 = (of: Worker): number => median((times.get(of) ?? []).map((round) => round.p99));
  const subject = latencies(connects);
  const reference = latencies(rawConnects);
  return [
    {
      name: "direct message of 200 bytes, sealed and acknowledged, history in memory, round trip p50",
      value: p50(direct.a),
      unit: "ms",
      reference: { name: "raw simple-peer channel", value: p50(rawA) },
      goal: { bound: "at most", limit: 2, of: "ratio" },
    },
    {
      name: "the same, p99",
      value: p99(direct.a),
      unit: "ms",
      reference: { name: "raw simple-peer channel", value: p99(rawA) },
    },
    {
      name: "direct message of 200 bytes, sealed, acknowledged and history on disk (SQLite), round trip p50",
      value: p50(directDisk.a),
      unit: "ms",
      reference: { name: "raw simple-peer channel", value: p50(rawA) },
    },
    ...leastFigures(leastOfSealing(), p50(rawA)),
    {
      name: "relayed message of 200 bytes, sealed and acknowledged, history in memory, round trip p50",
      value: p50(relayed.a),
      unit: "ms",
      reference: { name: "raw ws forwarder", value: p50(forwardedA) },
      goal: { bound: "at most", limit: 2, of: "ratio" },
    },
    {
      name: "the same, p99",
      value: p99(relayed.a),
      unit: "ms",
      reference: { name: "raw ws forwarder", value: p99(forwardedA) },
    },
    {
      name: "relayed message of 200 bytes, sealed, acknowledged and history on disk (SQLite), round trip p50",
      value: p50(relayedDisk.a),
      unit: "ms",
      reference: { name: "raw ws forwarder", value: p50(forwardedA) },
    },
    {
      name: "from open conversation to direct link, p50",
      value: subject.p50,
      unit: "ms",
      reference: { name: "raw simple-peer", value: reference.p50 },
    },
    {
      name: "from open conversation to direct link, p99",
      value: subject.p99,
      unit: "ms",
      reference: { name: "raw simple-peer", value: reference.p99 },
    },
  ];
}

export async function connectRaw(a: Worker, b: Worker): Promise<number> {
  a.on("signal", (signal) => void b.call("signal", signal, v.unknown()));
  b.on("signal", (signal) => void a.call("signal", signal, v.unknown()));
  await b.call("start", { initiator: false }, v.unknown());
  await a.call("start", { initiator: true }, v.unknown());
  const [time] = await Promise.all([
    a.call("opened", {}, v.number()),
    b.call("opened", {}, v.number()),
  ]);
  return time;
}

interface PairOptions {
  readonly direct: boolean;
  readonly history: "memory" | "disk";
}

export interface Pair extends AsyncDisposable {
  readonly a: Worker;
  readonly b: Worker;
}

/** Two clients in processes of their own, registered, buddies, ready to talk. */
export async function pair(
  server: string,
  folder: string,
  name: string,
  options: PairOptions,
): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const a = stack.use(new Worker("chat-client.ts"));
  const b = stack.use(new Worker("chat-client.ts"));
  const nameA = `${name}-one`;
  const nameB = `${name}-two`;
  for (const [worker, userName] of [
    [a, nameA],
    [b, nameB],
  ] as const) {
    const dataFolder = join(folder, userName);
    await worker.call("register", { server, userName, dataFolder, ...options }, v.unknown());
  }
  await a.call("add", nameB, v.unknown());
  while (!(await a.call("converse", nameB, v.boolean()))) await delay(10);
  // The first message makes the conversation's group: once in its life, and no round trip's cost.
  await a.call("ping", { count: 1, bytes: BYTES }, Latencies);
  const owned = stack.move();
  return { a, b, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

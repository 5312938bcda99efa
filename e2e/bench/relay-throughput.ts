import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { WebSocket } from "ws";
import { CHANNEL_HEADER_BYTES } from "../../shared/protocol/index.ts";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { WireClient } from "./wire-client.ts";

const PAIRS = 16;
const WINDOW = 16;
const BYTES = 200;
const ROUNDS = 5;
const ROUND_MS = 1500;

/**
 * Messages that the server forwards per second of its own CPU time: on a machine with few cores
 * the load generator would otherwise be what is measured.
 */
export async function relayThroughput(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using forwarder = new Worker("raw-forwarder.ts");
  const port = await forwarder.call("start", {}, v.number());

  const users = await server.seed(
    2 * PAIRS,
    Array.from({ length: PAIRS }, (_, pair) => [2 * pair, 2 * pair + 1] as const),
  );
  const clients = await Promise.all(users.map((user) => WireClient.resume(server.address, user)));
  const relayed: Pipe[] = [];
  const raw: Pipe[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const from = clients[2 * pair];
    const to = clients[2 * pair + 1];
    const peer = users[2 * pair + 1];
    if (from === undefined || to === undefined || peer === undefined) throw new RangeError("pair");
    const { channel } = await from.request("relay.open", { to: peer.deviceId });
    const frame = Buffer.alloc(CHANNEL_HEADER_BYTES + BYTES);
    frame.writeUInt16BE(channel);
    relayed.push(new Pipe(from.socket, to.socket, frame));

    const ends = [0, 1].map(() => {
      return new WebSocket(`ws://127.0.0.1:${port}/${pair}`, { perMessageDeflate: false });
    });
    await Promise.all(ends.map((end) => once(end, "open")));
    const [rawFrom, rawTo] = ends;
    if (rawFrom === undefined || rawTo === undefined) throw new RangeError("pair");
    raw.push(new Pipe(rawFrom, rawTo, frame));
  }

  const rates: { relay: number[]; raw: number[] } = { relay: [], raw: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.raw.push(await rate(raw, forwarder));
    rates.relay.push(await rate(relayed, server.worker));
  }
  for (const { from, to } of [...raw, ...relayed]) {
    from.terminate();
    to.terminate();
  }
  return [
    {
      name: `relayed messages of ${BYTES} bytes per second of server CPU, ${PAIRS} pairs, window ${WINDOW}`,
      value: median(rates.relay),
      unit: "messages/s",
      reference: { name: "raw ws forwarder", value: median(rates.raw) },
      goal: { bound: "at least", limit: 0.7, of: "ratio" },
    },
  ];
}

/** Keeps a window of frames on their way from one socket to another while it is on. */
class Pipe {
  readonly from: WebSocket;
  readonly to: WebSocket;
  readonly #frame: Buffer;
  #on = false;
  received = 0;

  constructor(from: WebSocket, to: WebSocket, frame: Buffer) {
    this.from = from;
    this.to = to;
    this.#frame = frame;
    to.on("message", (_data, isBinary) => {
      if (!isBinary) return;
      this.received++;
      if (this.#on) this.#send();
    });
  }

  start(): void {
    this.#on = true;
    for (let sent = 0; sent < WINDOW; sent++) this.#send();
  }

  stop(): void {
    this.#on = false;
  }

  #send(): void {
    this.from.send(this.#frame, { binary: true });
  }
}

async function rate(pipes: readonly Pipe[], worker: Worker): Promise<number> {
  const count = (): number => pipes.reduce((sum, { received }) => sum + received, 0);
  for (const pipe of pipes) pipe.start();
  await delay(200);
  const before = await worker.cpuSeconds();
  const receivedBefore = count();
  await delay(ROUND_MS);
  const received = count() - receivedBefore;
  const after = await worker.cpuSeconds();
  for (const pipe of pipes) pipe.stop();
  await delay(100);
  return received / (after - before);
}

import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import type { Figure } from "./figure.ts";
import { connectRaw, pair } from "./round-trips.ts";
import { Worker } from "./rpc.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";

const MIB = 1024 * 1024;
const BYTES = 128 * MIB;
const CHUNK = 64 * 1024;
/** Reference and subject take turns, so that a busy moment of the machine meets both. */
const ROUNDS = 5;

/**
 * A file from disk to disk, sealed, acknowledged and compared, beside as many bytes of memory over the
 * channel that it goes by.
 */
export async function fileThroughput(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using rawA = new Worker("raw-peer.ts");
  await using rawB = new Worker("raw-peer.ts");
  await using forwarder = new Worker("raw-forwarder.ts");
  await using forwardedA = new Worker("forwarder-client.ts");
  await using forwardedB = new Worker("forwarder-client.ts");
  const disk = { history: "disk" } as const;
  await using direct = await pair(server.address, join(folder, "d"), "d", {
    direct: true,
    ...disk,
  });
  await using relay = await pair(server.address, join(folder, "r"), "r", {
    direct: false,
    ...disk,
  });
  const path = join(folder, "film.bin");
  await mkdir(folder, { recursive: true });
  await writeFile(path, randomBytes(BYTES));

  await connectRaw(rawA, rawB);
  const port = await forwarder.call("start", {}, v.number());
  for (const end of [forwardedA, forwardedB]) {
    await end.call("connect", `ws://127.0.0.1:${port}/files`, v.unknown());
  }
  while (!(await direct.a.call("converse", "d-two", v.boolean()))) await delay(10);
  while (!(await relay.a.call("converse", "r-two", v.boolean()))) await delay(10);
  await direct.a.call("linkOpened", {}, v.number());

  const rates = {
    raw: [] as number[],
    direct: [] as number[],
    forwarded: [] as number[],
    relay: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.raw.push(await flow(rawA, rawB));
    rates.direct.push(await transfer(direct.a, direct.b, path));
    rates.forwarded.push(await flow(forwardedA, forwardedB));
    rates.relay.push(await transfer(relay.a, relay.b, path));
  }
  return [
    {
      name: `a file of ${BYTES / MIB} MiB over a direct link, sealed, from disk to disk, hash compared`,
      value: median(rates.direct),
      unit: "MiB/s",
      reference: { name: "raw simple-peer channel, chunks of 64 KiB", value: median(rates.raw) },
      goal: { bound: "at least", limit: 0.85, of: "ratio" },
    },
    {
      name: "the same over the server's relay",
      value: median(rates.relay),
      unit: "MiB/s",
      reference: { name: "raw ws forwarder, chunks of 64 KiB", value: median(rates.forwarded) },
    },
  ];
}

/** MiB each second. */
async function flow(from: Worker, to: Worker): Promise<number> {
  const all = to.call("expect", BYTES, v.unknown());
  const start = performance.now();
  await from.call("flow", { bytes: BYTES, chunk: CHUNK }, v.unknown());
  await all;
  return BYTES / MIB / ((performance.now() - start) / 1000);
}

/** MiB each second. */
async function transfer(from: Worker, to: Worker, path: string): Promise<number> {
  const id = await from.call("sendFile", path, v.string());
  return BYTES / MIB / ((await to.call("fetchFile", id, v.number())) / 1000);
}

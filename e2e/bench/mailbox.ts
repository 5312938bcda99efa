import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { limits, MessageId, type Params } from "../../shared/protocol/index.ts";
import { randomId } from "../../rendezvous/random-id.ts";
import type { Figure } from "./figure.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { WireClient, type Seeded } from "./wire-client.ts";

const SENDERS = 8;
const ENVELOPE_BYTES = 300;
const BATCHES_IN_FLIGHT = 2;
const BATCHES_PER_SENDER = 40;
const ROUNDS = 3;

/** Durable envelopes accepted per second; the reference appends the same bytes to a file. */
export async function mailbox(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  const users = await server.seed(
    2 * SENDERS,
    Array.from({ length: SENDERS }, (_, index) => [index, SENDERS + index] as const),
  );
  const senders = await Promise.all(
    users.slice(0, SENDERS).map((user) => WireClient.resume(server.address, user)),
  );
  const rates: { mailbox: number[]; file: number[] } = { mailbox: [], file: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.file.push(await appendRate(join(folder, "reference")));
    const batches = senders.map((_, index) => prepare(users[SENDERS + index]));
    const started = performance.now();
    await Promise.all(senders.map((sender, index) => deposit(sender, batches[index] ?? [])));
    rates.mailbox.push(perSecond(performance.now() - started));
  }
  for (const { socket } of senders) socket.terminate();
  return [
    {
      name: `envelopes of ${ENVELOPE_BYTES} bytes accepted by the mailbox, synced to disk`,
      value: median(rates.mailbox),
      unit: "envelopes/s",
      reference: { name: "bare file with fdatasync per batch round", value: median(rates.file) },
      goal: { bound: "at least", limit: 10_000, of: "value" },
    },
  ];
}

function perSecond(ms: number): number {
  return (SENDERS * BATCHES_PER_SENDER * limits.MAILBOX_PUT_BATCH * 1000) / ms;
}

type Batch = Params<"mailbox.put">;

/** Made before the clock runs. */
function prepare(recipient: Seeded | undefined): Batch[] {
  if (recipient === undefined) throw new RangeError("no recipient");
  const to = recipient.deviceId;
  const envelope = randomBytes(ENVELOPE_BYTES).toString("base64");
  return Array.from({ length: BATCHES_PER_SENDER }, () => ({
    envelopes: Array.from({ length: limits.MAILBOX_PUT_BATCH }, () => {
      return { id: v.parse(MessageId, randomId()), to, envelope };
    }),
  }));
}

async function deposit(sender: WireClient, batches: Batch[]): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const { outcomes } = await sender.request("mailbox.put", batch);
      if (outcomes.some(({ outcome }) => outcome !== "stored")) throw new Error("not stored");
    }
  };
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, lane));
}

/** As many syncs as there are rounds of batches at the best possible grouping. */
async function appendRate(path: string): Promise<number> {
  await using file = await open(path, "w");
  const group = Buffer.alloc(
    SENDERS * BATCHES_IN_FLIGHT * limits.MAILBOX_PUT_BATCH * ENVELOPE_BYTES,
  );
  const started = performance.now();
  for (let round = 0; round < BATCHES_PER_SENDER / BATCHES_IN_FLIGHT; round++) {
    await file.write(group);
    await file.datasync();
  }
  return perSecond(performance.now() - started);
}

import { join } from "node:path";
import * as v from "valibot";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { startRendezvous } from "./start-rendezvous.ts";

const CROWD = 200;
const MESSAGES = 100;

const Counts = v.object({
  sent: v.number(),
  received: v.number(),
  duplicated: v.number(),
  outOfOrder: v.number(),
  seconds: v.number(),
});

/**
 * One person and 200 online buddies, all with the real engine, 100 messages each way at once. No
 * WebRTC: everything goes through the one server.
 */
export async function crowd(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using worker = new Worker("crowd-worker.ts");
  const counts = await worker.call(
    "run",
    { address: server.address, dataFolder: join(folder, "data"), crowd: CROWD, messages: MESSAGES },
    Counts,
  );
  const expected = 2 * CROWD * MESSAGES;
  const { duplicated, outOfOrder } = counts;
  const lost = expected - counts.received;
  return [
    {
      name: `${MESSAGES} messages each to and from ${CROWD} online users at once: ${lost} lost, ${duplicated} doubled, ${outOfOrder} out of order`,
      value: lost + duplicated + outOfOrder,
      unit: `of ${expected.toLocaleString("en")}`,
      goal: { bound: "at most", limit: 0, of: "value" },
    },
    {
      name: "the same, sealed, acknowledged and stored by all 201 clients in one process",
      value: expected / counts.seconds,
      unit: "messages/s",
    },
  ];
}

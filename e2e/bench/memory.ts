import { once } from "node:events";
import { join } from "node:path";
import * as v from "valibot";
import { WebSocket } from "ws";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { WireClient } from "./wire-client.ts";

const CONNECTIONS = 1000;
const BUDDIES = 20;
const BATCH = 50;

/** Heap that the server holds for one idle signed-in connection. */
export async function memory(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using forwarder = new Worker("raw-forwarder.ts");
  const port = await forwarder.call("start", {}, v.number());

  // A ring in which everybody knows the ten on either side.
  const buddies = Array.from({ length: CONNECTIONS }, (_, index) => index).flatMap((index) =>
    Array.from(
      { length: BUDDIES / 2 },
      (_, step) => [index, (index + step + 1) % CONNECTIONS] as const,
    ),
  );
  const users = await server.seed(CONNECTIONS, buddies);
  const emptyServer = await server.worker.heapBytes();
  const emptyForwarder = await forwarder.heapBytes();
  const sockets: WebSocket[] = [];
  for (let start = 0; start < CONNECTIONS; start += BATCH) {
    const batch = users.slice(start, start + BATCH);
    const clients = await Promise.all(batch.map((user) => WireClient.resume(server.address, user)));
    const raw = batch.map(() => {
      return new WebSocket(`ws://127.0.0.1:${port}/all`, { perMessageDeflate: false });
    });
    await Promise.all(raw.map((socket) => once(socket, "open")));
    sockets.push(...clients.map(({ socket }) => socket), ...raw);
  }
  const kib = (full: number, empty: number): number => (full - empty) / CONNECTIONS / 1024;
  const figure: Figure = {
    name: `heap per idle connection with ${BUDDIES} buddies, ${CONNECTIONS} connections`,
    value: kib(await server.worker.heapBytes(), emptyServer),
    unit: "KiB",
    reference: {
      name: "raw ws forwarder",
      value: kib(await forwarder.heapBytes(), emptyForwarder),
    },
    goal: { bound: "at most", limit: 12, of: "value" },
  };
  for (const socket of sockets) socket.terminate();
  return [figure];
}

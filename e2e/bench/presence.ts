import { once } from "node:events";
import { join } from "node:path";
import * as v from "valibot";
import { WebSocket } from "ws";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { WireClient } from "./wire-client.ts";

const BUDDIES = 200;
const ROUNDS = 30;

/** From a person's change of presence until the last of 200 online buddies has it. */
export async function presence(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using forwarder = new Worker("raw-forwarder.ts");
  const port = await forwarder.call("start", {}, v.number());
  const users = await server.seed(
    BUDDIES + 1,
    Array.from({ length: BUDDIES }, (_, index) => [0, index + 1] as const),
  );
  const [first, ...rest] = users;
  if (first === undefined) throw new RangeError("no user");
  const clients = await Promise.all(rest.map((user) => WireClient.resume(server.address, user)));
  const hub = await WireClient.resume(server.address, first);
  const raw = await Promise.all(
    Array.from({ length: BUDDIES }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/all`, { perMessageDeflate: false });
      await once(socket, "open");
      return socket;
    }),
  );

  let waitingFor = "";
  let missing = 0;
  let last = Promise.withResolvers<void>();
  const told = (statusText: string): void => {
    if (statusText === waitingFor && --missing === 0) last.resolve();
  };
  for (const client of clients) {
    client.socket.on("message", (data: Buffer) => {
      // The status text is told apart without parsing: 200 parsers would be what is measured.
      const text = data.toString();
      if (text.includes(waitingFor)) told(waitingFor);
    });
  }
  for (const socket of raw) {
    socket.on("message", (data: Buffer) => {
      if (data.toString().includes(waitingFor)) told(waitingFor);
    });
  }
  const round = async (name: string, act: () => unknown): Promise<number> => {
    waitingFor = name;
    missing = BUDDIES;
    last = Promise.withResolvers<void>();
    const started = performance.now();
    const answer = act();
    await last.promise;
    const time = performance.now() - started;
    await answer;
    return time;
  };

  const times: { presence: number[]; raw: number[] } = { presence: [], raw: [] };
  const filler = "x".repeat(300);
  for (let index = 0; index < ROUNDS; index++) {
    times.raw.push(await round(`raw-${index}-`, () => raw[0]?.send(`raw-${index}-${filler}`)));
    times.presence.push(
      await round(`status-${index}-`, () =>
        hub.request("presence.set", { show: "busy", statusText: `status-${index}-` }),
      ),
    );
  }
  for (const { socket } of [hub, ...clients]) socket.terminate();
  for (const socket of raw) socket.terminate();
  return [
    {
      name: `presence change until the last of ${BUDDIES} online buddies has it, p50`,
      value: median(times.presence),
      unit: "ms",
      reference: { name: "raw ws broadcast", value: median(times.raw) },
    },
  ];
}

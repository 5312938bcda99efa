import * as v from "valibot";
import { expect, test } from "vitest";
import { MessageId } from "../../protocol/index.ts";
import { encodeBase64 } from "../../crypto/index.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { SimulatedConnection, SimulatedServer } from "../testing/simulated-server.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import type { Arrival } from "./arrival.ts";
import { MailboxFetcher } from "./mailbox-fetcher.ts";

const self = { userId: userIdOf(1), deviceId: deviceIdOf(1) };
const other = { userId: userIdOf(2), deviceId: deviceIdOf(2) };

test("S7: what was passed over is fetched again, also where that is asked for in the middle of a page", async () => {
  const server = new SimulatedServer();
  const connection = new SimulatedConnection(server, self, async (run) => {
    await Promise.resolve();
    return run();
  });
  server.connections.set(self.deviceId, connection);
  connection.setOnline(true);
  const envelopes = [1, 2, 3].map((n) => ({
    id: v.parse(MessageId, userIdOf(n)),
    to: self.deviceId,
    envelope: encodeBase64(Uint8Array.of(n)),
  }));
  server.put({ envelopes }, other);
  const arrivals: Arrival[] = [];
  const fetcher = new MailboxFetcher({
    connection,
    clock: new FakeClock(),
    log: new MemoryLog(),
    receive: (arrival) => arrivals.push(arrival),
    knows: () => true,
  });
  fetcher.fetch(true);
  await flushMicrotasks();
  expect(arrivals.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3]);
  arrivals[0]?.settle?.("behind");
  // Its group has caught up before the rest of the page is settled.
  fetcher.fetch(true);
  arrivals[1]?.settle?.("done");
  arrivals[2]?.settle?.("done");
  await flushMicrotasks();
  expect(arrivals.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3, 1]);
  arrivals[3]?.settle?.("done");
  await flushMicrotasks();
  expect(server.mailboxes.get(self.deviceId)).toEqual([]);
  expect(arrivals).toHaveLength(4);
});

test("a server that always has more and gives nothing is not asked for ever", async () => {
  const connection = new SimulatedConnection(new SimulatedServer(), self, async (run) => {
    await Promise.resolve();
    return run();
  });
  connection.setOnline(true);
  let asked = 0;
  const fetcher = new MailboxFetcher({
    connection: Object.assign(connection, {
      request: () => {
        asked += 1;
        return Promise.resolve({ items: [], more: true });
      },
    }),
    clock: new FakeClock(),
    log: new MemoryLog(),
    receive: () => undefined,
    knows: () => true,
  });
  fetcher.fetch(true);
  await flushMicrotasks();
  const once = asked;
  await flushMicrotasks();
  expect(asked).toBe(once);
  fetcher.close();
});

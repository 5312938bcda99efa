import { expect, test } from "vitest";
import * as v from "valibot";
import { ConversationId, encodeId, ID_BYTES, MessageId } from "../../protocol/index.ts";
import {
  MAX_PARKED,
  MAX_PARKED_LOTS,
  MAX_PARKED_PER_SENDER,
  SECURING_RETRY_MS,
} from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import type { Arrival, Fate } from "./arrival.ts";
import { Parking } from "./parking.ts";

const conversationId = v.parse(ConversationId, userIdOf(9));

function idOf(n: number): MessageId {
  const bytes = new Uint8Array(ID_BYTES);
  new DataView(bytes.buffer).setUint32(0, n);
  return v.parse(MessageId, encodeId(bytes));
}

function place(sender: number, n: number) {
  return { conversationId, from: deviceIdOf(sender), id: idOf(n) };
}

class Lot {
  readonly clock = new FakeClock();
  readonly resumed: number[] = [];
  mails = 0;
  readonly parking = new Parking({
    clock: this.clock,
    onReady: (arrivals) => this.resumed.push(...arrivals.map(({ bytes }) => bytes.length)),
    onMail: () => this.mails++,
  });

  arrival(length: number, settle?: (fate: Fate) => void): Arrival {
    const from = { userId: userIdOf(1), deviceId: deviceIdOf(1) };
    return { bytes: new Uint8Array(length), from, link: undefined, settle };
  }
}

test("S7: they are taken up in the order in which they came, each once", async () => {
  const lot = new Lot();
  const ready = Promise.withResolvers<boolean>();
  lot.parking.park(place(1, 1), lot.arrival(1), ready.promise);
  lot.parking.park(place(1, 2), lot.arrival(2));
  lot.parking.park(place(1, 1), lot.arrival(3));
  expect(lot.parking.has(place(1, 9))).toBe(true);
  expect(lot.parking.has(place(2, 9))).toBe(false);
  ready.resolve(true);
  await flushMicrotasks();
  expect(lot.resumed).toEqual([3, 2]);
  expect(lot.mails).toBe(0);
  expect(lot.parking.has(place(1, 9))).toBe(false);
});

test("S7: what is in the mailbox is settled so that it stays there, and fetched anew", async () => {
  const lot = new Lot();
  const fates: Fate[] = [];
  lot.parking.park(
    place(1, 1),
    lot.arrival(1, (fate) => fates.push(fate)),
    Promise.resolve(true),
  );
  expect(fates).toEqual(["behind"]);
  await flushMicrotasks();
  expect([lot.resumed, lot.mails]).toEqual([[], 1]);
});

test("S7: so many wait of each sender, and of all together; the rest is dropped", async () => {
  const lot = new Lot();
  const ready = Promise.withResolvers<boolean>();
  const senders = MAX_PARKED / MAX_PARKED_PER_SENDER + 1;
  for (let sender = 1; sender <= senders; sender++) {
    for (let n = 0; n < MAX_PARKED_PER_SENDER + 5; n++) {
      lot.parking.park(place(sender, n), lot.arrival(sender), ready.promise);
    }
  }
  ready.resolve(true);
  await flushMicrotasks();
  const counts = Array.from(
    { length: senders },
    (_, at) => lot.resumed.filter((sender) => sender === at + 1).length,
  );
  expect(counts.slice(0, -1).every((count) => count === MAX_PARKED_PER_SENDER)).toBe(true);
  expect(counts.at(-1)).toBe(0);
  // And there is room again.
  lot.parking.park(place(1, 1), lot.arrival(99), Promise.resolve(true));
  await flushMicrotasks();
  expect(lot.resumed.at(-1)).toBe(99);
});

test("S7: where the server was not reached, it is tried after a while, or when that is back", async () => {
  const lot = new Lot();
  lot.parking.park(place(1, 1), lot.arrival(1), Promise.resolve(false));
  await lot.clock.advance(SECURING_RETRY_MS - 1);
  expect(lot.resumed).toEqual([]);
  await lot.clock.advance(1);
  expect(lot.resumed).toEqual([1]);
  lot.parking.park(place(1, 2), lot.arrival(2), Promise.resolve(false));
  await flushMicrotasks();
  lot.parking.again();
  await flushMicrotasks();
  expect(lot.resumed).toEqual([1, 2]);
  expect(lot.clock.pendingTimers).toBe(0);
});

test("S7: closing takes nothing up and leaves no timer", async () => {
  const lot = new Lot();
  const ready = Promise.withResolvers<boolean>();
  lot.parking.park(place(1, 1), lot.arrival(1), Promise.resolve(false));
  lot.parking.park(place(2, 1), lot.arrival(1), ready.promise);
  await flushMicrotasks();
  lot.parking.close();
  ready.resolve(false);
  await flushMicrotasks();
  expect(lot.resumed).toEqual([]);
  expect(lot.clock.pendingTimers).toBe(0);
});

test("S7: a sender who names ever other conversations takes no more room than there is", async () => {
  const lot = new Lot();
  const ready = Promise.withResolvers<boolean>();
  const placeIn = (n: number) => ({
    conversationId: v.parse(ConversationId, idOf(n)),
    from: deviceIdOf(1),
    id: idOf(n),
  });
  for (let n = 0; n < MAX_PARKED_LOTS; n++) {
    lot.parking.park(placeIn(n), lot.arrival(n), ready.promise);
  }
  const beyond = placeIn(MAX_PARKED_LOTS);
  const fates: Fate[] = [];
  lot.parking.park(beyond, lot.arrival(1), ready.promise);
  lot.parking.park(
    beyond,
    lot.arrival(1, (fate) => fates.push(fate)),
    ready.promise,
  );
  expect(lot.parking.has(beyond)).toBe(false);
  expect(fates).toEqual(["behind"]);
  ready.resolve(true);
  await flushMicrotasks();
  // What was left in the mailbox is fetched anew.
  expect(lot.mails).toBe(1);
  expect(lot.resumed).toHaveLength(MAX_PARKED_LOTS);
});

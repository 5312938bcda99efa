import * as v from "valibot";
import { expect, test } from "vitest";
import { ConversationId, encodeId, ID_BYTES, MessageId } from "../../protocol/index.ts";
import { ACK_TIMEOUT_MIN_MS, LATE_TIMER_MS } from "../limits.ts";
import { LINK_QUEUE_BYTES, type Link } from "../link.ts";
import type { Clock, Timer } from "../ports.ts";
import type { OutboxRecord } from "../store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { AckWindow } from "./ack-window.ts";
import { courierEntry, type CourierEntry } from "./courier-entry.ts";

/** A machine that may be held up: its timers fire when the test says, be it late. */
class HeldUpClock implements Clock {
  time = 0;
  #due: { readonly at: number; readonly callback: () => void } | undefined;

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(callback: () => void, ms: number): Timer {
    const due = { at: this.time + ms, callback };
    this.#due = due;
    return {
      cancel: () => {
        if (this.#due === due) this.#due = undefined;
      },
    };
  }

  /** Fires the timer that is set, so much later than it was due. */
  fire(late = 0): void {
    const due = this.#due;
    if (due === undefined) throw new Error("no timer is set");
    this.#due = undefined;
    this.time = due.at + late;
    due.callback();
  }
}

const link: Link = {
  kind: "direct",
  peer: { userId: userIdOf(2), deviceId: deviceIdOf(2) },
  bufferedAmount: 0,
  writable: true,
  send: () => undefined,
  close: () => undefined,
};

function inFlight(sentAt: number): CourierEntry {
  const id = encodeId(new Uint8Array(ID_BYTES));
  const record: OutboxRecord = {
    id: v.parse(MessageId, id),
    conversationId: v.parse(ConversationId, id),
    peer: userIdOf(2),
    sequence: 1,
    content: "",
    queuedAt: 0,
    recipients: [],
  };
  const item = {
    position: 1,
    plaintext: new Uint8Array(),
    sealed: undefined,
    message: undefined,
    record,
  };
  return {
    ...courierEntry(item, false),
    state: "in-flight",
    tries: 1,
    way: { path: "direct", reason: "link-open", link, sentAt },
  };
}

interface Scene {
  readonly clock: HeldUpClock;
  readonly silent: Link[];
  readonly overdue: CourierEntry[];
  readonly window: AckWindow;
  /** How often a sign of life was asked for. */
  proofs: number;
  heardAt: number | undefined;
}

function scene(): Scene {
  const clock = new HeldUpClock();
  const made: Scene = {
    clock,
    silent: [],
    overdue: [],
    proofs: 0,
    heardAt: undefined,
    window: new AckWindow(clock, {
      prove: () => {
        made.proofs += 1;
      },
      heardAt: () => made.heardAt,
      onSilent: (which) => made.silent.push(which),
      onOverdue: (entries) => made.overdue.push(...entries),
    }),
  };
  return made;
}

function sentOne(): Scene {
  const made = scene();
  made.window.add(inFlight(0));
  return made;
}

/** A window that has measured that round trip. */
function measured(roundTripMs: number): Scene {
  const made = scene();
  const entry = inFlight(0);
  made.window.add(entry);
  made.clock.time = roundTripMs;
  made.window.heard(link);
  made.window.acknowledged(entry);
  made.window.remove(entry);
  // The check that was set finds nothing to do.
  made.clock.fire();
  made.clock.time = roundTripMs;
  return made;
}

test("P6: a link over which nothing comes back in time is silent", () => {
  const { clock, silent } = sentOne();
  while (silent.length === 0) clock.fire();
  expect(clock.time).toBeGreaterThanOrEqual(ACK_TIMEOUT_MIN_MS);
});

test("P6: a machine that was held up reads first and judges then", () => {
  const { clock, silent, window } = sentOne();
  clock.fire(10 * ACK_TIMEOUT_MIN_MS);
  expect(silent).toEqual([]);
  // The answer that had waited in the socket.
  window.heard(link);
  clock.fire();
  expect(silent).toEqual([]);
});

test("P6: a machine that is always late judges all the same", () => {
  const { clock, silent } = sentOne();
  clock.fire(10 * ACK_TIMEOUT_MIN_MS);
  clock.fire(LATE_TIMER_MS + 1);
  expect(silent).toEqual([link]);
});

test.each([5, 100, 300, 600, 1_000, 5_000])(
  "L7: after round trips of %i ms a loss is noticed within 3 s",
  (roundTripMs) => {
    const { clock, silent, window } = measured(roundTripMs);
    const before = inFlight(clock.time);
    window.add(before);
    // Between two checks, as far from the next one as can be.
    clock.time += 1;
    const sentAt = clock.time;
    window.add(inFlight(sentAt));
    window.remove(before);
    while (silent.length === 0) clock.fire();
    expect(clock.time - sentAt).toBeGreaterThanOrEqual(ACK_TIMEOUT_MIN_MS);
    expect(clock.time - sentAt).toBeLessThanOrEqual(3_000);
  },
);

test("L7: where nothing was measured yet a loss is noticed within 3 s too", () => {
  const { clock, silent } = sentOne();
  while (silent.length === 0) clock.fire();
  expect(clock.time).toBeLessThanOrEqual(3_000);
});

test("L7: a link that answered a moment after the message, and then died, is not tried again first", () => {
  const made = sentOne();
  const { clock, silent, overdue, window } = made;
  clock.time = 10;
  made.heardAt = 10;
  window.heard(link);
  while (silent.length === 0) clock.fire();
  expect(clock.time).toBeLessThanOrEqual(10 + 3_000);
  expect(overdue).toEqual([]);
});

test("L7: before a link is judged it is asked for a sign of life, in time for the answer", () => {
  const roundTripMs = 600;
  const made = measured(roundTripMs);
  const { clock, silent, overdue, window } = made;
  window.add(inFlight(clock.time));
  while (made.proofs === 0) clock.fire();
  const askedAt = clock.time;
  while (clock.time - askedAt < roundTripMs) clock.fire();
  expect(silent).toEqual([]);
  made.heardAt = askedAt + roundTripMs;
  while (overdue.length === 0) clock.fire();
  // It lives and lost the message: that is sent again.
  expect(silent).toEqual([]);
});

test("L7: a sign of life from before the message is none", () => {
  const made = sentOne();
  made.heardAt = 0;
  while (made.silent.length === 0) made.clock.fire();
  expect(made.overdue).toEqual([]);
});

test("L7: a full link that drains is given time, one that does not is silent", () => {
  const { clock, silent, overdue, window } = scene();
  const full = { ...link, bufferedAmount: 40 * LINK_QUEUE_BYTES };
  const entry = inFlight(0);
  entry.way = { path: "direct", reason: "link-open", sentAt: 0, link: full };
  window.add(entry);
  while (full.bufferedAmount > LINK_QUEUE_BYTES) {
    clock.fire();
    full.bufferedAmount -= LINK_QUEUE_BYTES;
  }
  expect(clock.time).toBeGreaterThan(2 * 3_000);
  expect([...silent, ...overdue]).toEqual([]);
  const drainedAt = clock.time;
  while (silent.length === 0) clock.fire();
  expect(clock.time - drainedAt).toBeLessThanOrEqual(3_000);
});

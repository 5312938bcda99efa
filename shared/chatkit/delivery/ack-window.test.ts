import * as v from "valibot";
import { expect, test } from "vitest";
import { ConversationId, encodeId, ID_BYTES, MessageId } from "../../protocol/index.ts";
import { ACK_TIMEOUT_MIN_MS, LATE_TIMER_MS } from "../limits.ts";
import type { Link } from "../link.ts";
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

function sentOne(): { clock: HeldUpClock; silent: Link[]; window: AckWindow } {
  const clock = new HeldUpClock();
  const silent: Link[] = [];
  const window = new AckWindow(clock, {
    onSilent: (which) => silent.push(which),
    onOverdue: () => undefined,
  });
  window.add(inFlight(0));
  return { clock, silent, window };
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

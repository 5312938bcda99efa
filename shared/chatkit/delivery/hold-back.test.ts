import { expect, test } from "vitest";
import * as v from "valibot";
import fc from "fast-check";
import { ConversationId } from "../../protocol/index.ts";
import { HOLD_BACK_MS, MAX_HELD_BACK } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { HoldBack } from "./hold-back.ts";

const conversationId = v.parse(ConversationId, userIdOf(9));
const from = deviceIdOf(1);

function holding() {
  const clock = new FakeClock();
  const holdBack = new HoldBack(clock);
  const told: number[] = [];
  const offer = (sequence: number, after = sequence - 1): void =>
    holdBack.offer({ conversationId, from, sequence, after }, () => told.push(sequence));
  return { clock, holdBack, told, offer };
}

test("O3: messages that overtook others wait for them", () => {
  const { clock, told, offer } = holding();
  offer(1);
  offer(3);
  offer(4);
  expect(told).toEqual([1]);
  offer(2);
  expect(told).toEqual([1, 2, 3, 4]);
  expect(clock.pendingTimers).toBe(0);
});

test("O3: a number that was never meant for this device is no gap", () => {
  const { told, offer } = holding();
  offer(2, 0);
  offer(7, 2);
  expect(told).toEqual([2, 7]);
});

test("O3: what is missing is waited for a bounded time; late, it is told at once", async () => {
  const { clock, told, offer } = holding();
  offer(3);
  offer(2);
  await clock.advance(HOLD_BACK_MS - 1);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([2, 3]);
  offer(1, 0);
  offer(4);
  expect(told).toEqual([2, 3, 1, 4]);
});

test("O3: more than the bound is never held", () => {
  const { told, offer } = holding();
  for (let sequence = 2; sequence < MAX_HELD_BACK + 2; sequence++) offer(sequence);
  expect(told).toEqual([]);
  offer(MAX_HELD_BACK + 2);
  expect(told).toHaveLength(MAX_HELD_BACK + 1);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});

test("O3: after a restart it goes on behind what was durable", () => {
  const { holdBack, told, offer } = holding();
  holdBack.resume(conversationId, from, 10);
  offer(11);
  offer(13);
  expect(told).toEqual([11]);
});

test("O3: in any order of arrival, everything is told once, and in sequence where nothing is late", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8 }), (arrivals) => {
      const { told, offer } = holding();
      for (const sequence of arrivals) offer(sequence);
      expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }),
  );
});

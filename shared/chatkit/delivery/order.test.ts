import { expect, test } from "vitest";
import fc from "fast-check";
import { MAX_CLOCK_AHEAD_MS } from "../limits.ts";
import { deviceIdOf } from "../testing/test-ids.ts";
import { compareTimes, HybridClock } from "./hybrid-clock.ts";
import { encodeOrder, orderTime } from "./order.ts";

const time = fc.record({ ms: fc.integer({ min: 0, max: 2 ** 47 }), counter: fc.nat(0xffff) });

test("O1: orders compare as text as their times do, and give them back", () => {
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [first, second] = [encodeOrder(a, deviceIdOf(1)), encodeOrder(b, deviceIdOf(1))];
      expect(Math.sign(compareTimes(a, b))).toBe(first < second ? -1 : first > second ? 1 : 0);
      expect(orderTime(first)).toEqual(a);
    }),
  );
});

test("O1: messages of one time are told apart by their device", () => {
  const at = { ms: 5, counter: 0 };
  expect(encodeOrder(at, deviceIdOf(1))).not.toBe(encodeOrder(at, deviceIdOf(2)));
});

test("O2: every time is later than all before, given or observed, whatever the clock does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ now: fc.nat(100_000), observe: fc.option(fc.nat(100_000)) })),
      (steps) => {
        const clock = new HybridClock();
        let last = clock.last;
        for (const { now, observe } of steps) {
          if (observe !== null) clock.observe({ ms: observe, counter: 3 }, now);
          const observed = clock.last;
          expect(compareTimes(observed, last)).toBeGreaterThanOrEqual(0);
          last = clock.tick(now);
          expect(compareTimes(last, observed)).toBeGreaterThan(0);
        }
      },
    ),
  );
});

test("O2: a counter that is full goes on with the next millisecond", () => {
  const clock = new HybridClock({ ms: 10, counter: 0xffff });
  expect(clock.tick(10)).toEqual({ ms: 11, counter: 0 });
});

test("O4: a clock far ahead does not carry the conversation away, and its messages stay in order", () => {
  const clock = new HybridClock();
  const now = 1_000_000;
  const far = now + MAX_CLOCK_AHEAD_MS + 1;
  expect(clock.observe({ ms: far, counter: 0 }, now)).toEqual({ ms: now, counter: 0 });
  expect(clock.observe({ ms: far, counter: 1 }, now)).toEqual({ ms: now, counter: 1 });
  expect(clock.tick(now + 5)).toEqual({ ms: now + 5, counter: 0 });
  // Within the bound it is followed.
  clock.observe({ ms: now + 60_000, counter: 0 }, now + 6);
  expect(clock.tick(now + 7)).toEqual({ ms: now + 60_000, counter: 1 });
});

import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { RateLimiter } from "./rate-limiter.ts";

test("each key has a bucket of its own; the wait that is told is enough, and no less", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, { burst: 3, perSecond: 2 });
  for (let count = 0; count < 3; count++) expect(limiter.tryTake("ada")).toBe(0);
  const waitMs = limiter.tryTake("ada");
  expect(waitMs).toBe(500);
  expect(limiter.tryTake("bob")).toBe(0);
  clock.advance(waitMs - 1);
  expect(limiter.tryTake("ada")).toBe(1);
  clock.advance(1);
  expect(limiter.tryTake("ada")).toBe(0);
  // Being refused costs nothing, and no more than a burst is saved up.
  clock.advance(60_000);
  for (let count = 0; count < 3; count++) expect(limiter.tryTake("ada")).toBe(0);
  expect(limiter.tryTake("ada")).toBeGreaterThan(0);
});

test("what costs more than can be saved up is granted once, and paid for", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, { burst: 10, perSecond: 1 });
  expect(limiter.tryTake("ada", 25)).toBe(0);
  expect(limiter.tryTake("ada", 1)).toBe(16_000);
  clock.advance(16_000);
  expect(limiter.tryTake("ada", 1)).toBe(0);
});

test("B9 keys are bounded: those that asked longest ago are forgotten", () => {
  const limiter = new RateLimiter(new FakeClock(), { burst: 1, perSecond: 0.001 });
  for (let count = 0; count < 50_000; count++) limiter.take(`key ${count}`);
  expect(limiter.tryTake("key 0")).toBeGreaterThan(0);
  limiter.take("one more");
  expect(limiter.tryTake("key 1000")).toBeGreaterThan(0);
  expect(limiter.tryTake("key 999")).toBe(0);
});

import { expect, test } from "vitest";
import { latencies, median, timeEach } from "./statistics.ts";

test("quantiles are of the nearest rank: measured values, never between two", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect(latencies(hundred)).toEqual({ p50: 50, p99: 99 });
  expect(median([4, 1, 3, 2])).toBe(2);
  expect(median([3, 1, 2])).toBe(2);
  expect(latencies([7])).toEqual({ p50: 7, p99: 7 });
});

test("numbers are ordered by size, not as text", () => {
  expect(median([10, 9, 100])).toBe(10);
});

test("what was not measured has no quantile", () => {
  expect(() => median([])).toThrow(RangeError);
});

test("steps run one after the other, a tenth of them first and uncounted", async () => {
  let running = 0;
  let steps = 0;
  const times = await timeEach(20, async () => {
    expect(++running).toBe(1);
    steps++;
    await Promise.resolve();
    running--;
  });
  expect(steps).toBe(22);
  expect(times.p99).toBeGreaterThanOrEqual(times.p50);
});

import { expect, test } from "vitest";
import { AGREEING, RECOVERED_MS, SLOW_FLOOR_MS, SlowVerdict } from "./slow-verdict.ts";

/** The verdict after so many comparisons alike. */
function after(verdict: SlowVerdict, times: number, direct: number, relay?: number): boolean {
  for (let n = 0; n < times; n += 1) verdict.note(direct, relay);
  return verdict.slow;
}

function slow(): SlowVerdict {
  const verdict = new SlowVerdict();
  after(verdict, AGREEING, 1_000, 100);
  return verdict;
}

test("L5: a link is slow after comparisons that agree, and not one sooner", () => {
  const verdict = new SlowVerdict();
  expect(after(verdict, AGREEING - 1, SLOW_FLOOR_MS, SLOW_FLOOR_MS / 2 - 1)).toBe(false);
  expect(verdict.doubtful).toBe(true);
  expect(verdict.note(SLOW_FLOOR_MS, SLOW_FLOOR_MS / 2 - 1)).toBe(true);
  expect(verdict.slow).toBe(true);
  expect(verdict.doubtful).toBe(false);
});

test("L5: one that agrees with the present verdict begins the count anew", () => {
  const verdict = new SlowVerdict();
  after(verdict, AGREEING - 1, 1_000, 100);
  verdict.note(20, undefined);
  expect(after(verdict, AGREEING - 1, 1_000, 100)).toBe(false);
});

test.each([
  ["below the floor", SLOW_FLOOR_MS - 1, 1],
  ["with a relay of half its time", 1_000, 500],
  ["without a relay", 5_000, undefined],
])("L5: %s a link is not slow", (_, direct, relay) => {
  expect(after(new SlowVerdict(), 10, direct, relay)).toBe(false);
});

test.each([
  ["it has recovered", RECOVERED_MS - 1, undefined],
  ["the relay is no longer faster", 1_000, 750],
  ["there is no relay", 1_000, undefined],
])("L5: a slow link returns where %s", (_, direct, relay) => {
  const verdict = slow();
  expect(after(verdict, AGREEING - 1, direct, relay)).toBe(true);
  expect(after(verdict, 1, direct, relay)).toBe(false);
});

test("L5: between the two bounds nothing changes, either way", () => {
  expect(after(new SlowVerdict(), 20, 1_000, 600)).toBe(false);
  expect(after(slow(), 20, 1_000, 600)).toBe(true);
  expect(after(slow(), 20, RECOVERED_MS, 100)).toBe(true);
});

test("L4: the relay is asked only where its time matters", () => {
  const verdict = new SlowVerdict();
  expect(verdict.needsRelay(SLOW_FLOOR_MS - 1)).toBe(false);
  expect(verdict.needsRelay(SLOW_FLOOR_MS)).toBe(true);
  expect(slow().needsRelay(RECOVERED_MS - 1)).toBe(false);
  expect(slow().needsRelay(RECOVERED_MS)).toBe(true);
});

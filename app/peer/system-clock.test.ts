import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a timer fires once, at its time", () => {
  const fired = vi.fn<() => void>();
  systemClock.setTimer(fired, 50);
  vi.advanceTimersByTime(49);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(fired).toHaveBeenCalledOnce();
});

test("a timer longer than setTimeout can take fires at its time, not at once", () => {
  const fired = vi.fn<() => void>();
  systemClock.setTimer(fired, 60 * DAY_MS);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledOnce();
});

test("a cancelled timer stays silent, also after its first part", () => {
  const fired = vi.fn<() => void>();
  const short = systemClock.setTimer(fired, 10);
  const long = systemClock.setTimer(fired, 60 * DAY_MS);
  short.cancel();
  vi.advanceTimersByTime(30 * DAY_MS);
  long.cancel();
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(fired).not.toHaveBeenCalled();
});

test("a time in the past fires on the next turn", () => {
  const fired = vi.fn<() => void>();
  systemClock.setTimer(fired, -5);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledOnce();
});

test("the wall clock and the monotonic clock are the host's", () => {
  vi.setSystemTime(1_767_225_600_000);
  expect(systemClock.now()).toBe(1_767_225_600_000);
  const before = systemClock.monotonic();
  vi.advanceTimersByTime(250);
  expect(systemClock.monotonic() - before).toBe(250);
});

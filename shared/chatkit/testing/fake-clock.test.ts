import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";

test("runs timers in the order of their times, those set on the way included", async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.monotonic()}`);
  clock.setTimer(note("late"), 30);
  clock.setTimer(() => {
    note("early")();
    clock.setTimer(note("nested"), 5);
  }, 10);
  clock.setTimer(note("same"), 10);
  clock.setTimer(note("cancelled"), 10).cancel();
  clock.setTimer(note("after"), 31);

  await clock.advance(30);

  expect(seen).toEqual(["early@10", "same@10", "nested@15", "late@30"]);
  expect(clock.monotonic()).toBe(30);
  expect(clock.pendingTimers).toBe(1);
});

test("lets promises settle before the clock moves and between timers", async () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  void Promise.resolve().then(() => clock.setTimer(() => seen.push(clock.monotonic()), 1));
  await clock.advance(2);
  expect(seen).toEqual([1]);
});

test("a jump moves wall time only", async () => {
  const clock = new FakeClock();
  const before = clock.now();
  let fired = false;
  clock.setTimer(() => {
    fired = true;
  }, 10);
  clock.jump(-60_000);
  await clock.advance(9);
  expect(fired).toBe(false);
  expect(clock.now()).toBe(before - 60_000 + 9);
  expect(clock.monotonic()).toBe(9);
});

import { beforeEach, expect, test } from "vitest";
import { NEWCOMER_GRACE_MS } from "../limits.ts";
import { DeviceLogs, ListedAccount } from "../testing/device-logs.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { Newcomers } from "./newcomers.ts";

let clock: FakeClock;
let ben: ListedAccount;
let listed: number[];
let asked: (() => void)[];
let newcomers: Newcomers;

beforeEach(() => {
  clock = new FakeClock();
  ben = new ListedAccount(2, new DeviceLogs());
  listed = [1];
  asked = [];
  newcomers = new Newcomers(
    {
      devices: () => listed.map((n) => ({ ...ben.peer(n), publicKey: ben.device(n).publicKey })),
      ready: () => new Promise((resolve) => asked.push(resolve)),
    },
    clock,
  );
});

function looking(...rows: readonly number[]): () => boolean {
  let isOver = false;
  void newcomers.look([{ userId: ben.userId, devices: rows.map((n) => ben.peer(n)) }]).then(() => {
    isOver = true;
  });
  return () => isOver;
}

test("I8: where all devices are listed nobody waits", async () => {
  const isOver = looking(1);
  await flushMicrotasks();
  expect(isOver()).toBe(true);
  expect(asked).toHaveLength(0);
});

test("I8: a device just seen is waited for until its list was read, once", async () => {
  const [first, second] = [looking(1, 2), looking(1, 2)];
  await flushMicrotasks();
  expect([first(), second(), asked.length]).toEqual([false, false, 1]);
  asked[0]?.();
  await flushMicrotasks();
  expect([first(), second()]).toEqual([true, true]);
  expect(clock.pendingTimers).toBe(0);
  // It is not in the list: that is how it is.
  const third = looking(1, 2);
  await flushMicrotasks();
  expect([third(), asked.length]).toEqual([true, 1]);
});

test("I8: a server that does not answer holds up no message to the other devices for long", async () => {
  const isOver = looking(1, 2);
  await clock.advance(NEWCOMER_GRACE_MS - 1);
  expect(isOver()).toBe(false);
  await clock.advance(1);
  expect(isOver()).toBe(true);
});

test("I8: where no device is known the list is waited for, each time", async () => {
  listed = [];
  const first = looking(1);
  await clock.advance(10 * NEWCOMER_GRACE_MS);
  expect(first()).toBe(false);
  asked[0]?.();
  await flushMicrotasks();
  expect(first()).toBe(true);
  looking(1);
  expect(asked).toHaveLength(2);
  asked[1]?.();
});

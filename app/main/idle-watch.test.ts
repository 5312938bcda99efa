import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { IdleWatch } from "./idle-watch.ts";

class FakePower extends EventEmitter {
  seconds = 0;
  getSystemIdleTime(): number {
    return this.seconds;
  }
}

function setUp(minutes = 10) {
  const told: unknown[] = [];
  const source = new FakePower();
  const timers: { ms: number; task: () => void }[] = [];
  let limit = minutes;
  const watch = new IdleWatch({
    source,
    minutes: () => limit,
    onIdle: (idle) => told.push(idle),
    onResume: () => told.push("resumed"),
    after: (ms, task) => {
      const timer = { ms, task };
      timers.push(timer);
      return () => {
        if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
      };
    },
  });
  /** What the clock does: the one timer there is. */
  const tick = (): number => {
    expect(timers).toHaveLength(1);
    const [timer] = timers.splice(0);
    timer?.task();
    return timer?.ms ?? 0;
  };
  const choose = (next: number): void => {
    limit = next;
    watch.look();
  };
  return { told, source, tick, choose, watch, timers };
}

it("tells that nobody is there after the chosen time, and at once that somebody is", () => {
  const { told, source, tick, watch } = setUp();
  source.seconds = 599;
  expect(tick()).toBe(15_000);
  expect(told).toEqual([]);
  source.seconds = 600;
  tick();
  tick();
  expect([told, watch.idle]).toEqual([[true], true]);
  source.seconds = 0;
  expect(tick()).toBe(1_000);
  expect([told, watch.idle]).toEqual([[true, false], false]);
});

it("takes a locked screen for nobody, whatever the mouse does", () => {
  const { told, source, tick } = setUp();
  source.emit("lock-screen");
  expect(told).toEqual([true]);
  source.seconds = 0;
  tick();
  expect(told).toEqual([true]);
  source.emit("unlock-screen");
  expect(told).toEqual([true, false]);
});

it("tells that the machine was asleep", () => {
  const { told, source, timers } = setUp();
  source.emit("suspend");
  source.seconds = 3_600;
  source.emit("resume");
  expect(told).toEqual(["resumed", true]);
  expect(timers).toHaveLength(1);
});

it("never, when that is what was chosen; and stops", () => {
  const { told, source, tick, choose, watch, timers } = setUp(0);
  source.seconds = 100_000;
  tick();
  source.emit("lock-screen");
  expect(told).toEqual([]);
  choose(5);
  expect(told).toEqual([true]);
  choose(0);
  expect(told).toEqual([true, false]);
  watch.stop();
  expect(timers).toEqual([]);
});

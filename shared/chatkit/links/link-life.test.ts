import { beforeEach, expect, test } from "vitest";
import { LATE_TIMER_MS } from "../limits.ts";
import { LINK_QUEUE_BYTES, LinkError, type Link } from "../link.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { ScriptedLink } from "../testing/scripted-link.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { LinkLife } from "./link-life.ts";

const WITHIN_MS = 3_000;

let clock: FakeClock;
let link: ScriptedLink;
let life: LinkLife;
let silent: Link[];
let pings: number;
let late: number;

beforeEach(() => {
  clock = new FakeClock();
  link = new ScriptedLink();
  silent = [];
  pings = 0;
  late = 0;
  life = new LinkLife({
    ports: {
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimer: (callback, ms) => clock.setTimer(callback, ms + late),
      },
      log: new MemoryLog(),
    },
    ping: () => {
      pings += 1;
      return Promise.reject(new LinkError("silent", "nobody answers"));
    },
    onSilent: (which) => silent.push(which),
  });
});

test("L10: a link that brings nothing in that time is silent, once", async () => {
  life.heard(link);
  life.probe(link, WITHIN_MS);
  life.probe(link, 1);
  expect(pings).toBe(1);
  await clock.advance(WITHIN_MS - 1);
  expect(silent).toEqual([]);
  await clock.advance(1);
  expect(silent).toEqual([link]);
  expect(clock.pendingTimers).toBe(0);
});

test("L10: whatever a link brings is a sign of life", async () => {
  life.probe(link, WITHIN_MS);
  life.heard(link);
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([]);
  expect(life.heardAt(link)).toBe(0);
  // Asked anew, it has to prove it anew.
  life.probe(link, WITHIN_MS);
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([link]);
});

test("L10: what came before it was asked again is no answer", async () => {
  life.probe(link, WITHIN_MS);
  life.heard(link);
  await clock.advance(1_000);
  life.probe(link, WITHIN_MS);
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([link]);
  expect(clock.pendingTimers).toBe(0);
});

test("L10: a queue that drains is a sign of life, one that stands still is none", async () => {
  link.bufferedAmount = 3 * LINK_QUEUE_BYTES;
  life.probe(link, WITHIN_MS);
  link.bufferedAmount = 2 * LINK_QUEUE_BYTES;
  await clock.advance(WITHIN_MS);
  link.bufferedAmount = LINK_QUEUE_BYTES;
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([]);
  // Below that the figure is only a bound.
  link.bufferedAmount = 0;
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([link]);
});

test("L10: a machine that was held up reads first and judges then", async () => {
  late = LATE_TIMER_MS + 1;
  life.probe(link, WITHIN_MS);
  await clock.advance(WITHIN_MS + late);
  expect(silent).toEqual([]);
  life.heard(link);
  await clock.advance(2 * LATE_TIMER_MS + 1);
  expect(silent).toEqual([]);

  life.probe(link, WITHIN_MS);
  await clock.advance(WITHIN_MS + late);
  await clock.advance(LATE_TIMER_MS + late);
  expect(silent).toEqual([link]);
});

test("L10: a link that ended is judged no more", async () => {
  life.probe(link, WITHIN_MS);
  life.forget(link);
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(WITHIN_MS);
  expect(silent).toEqual([]);
});

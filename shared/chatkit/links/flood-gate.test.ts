import { beforeEach, expect, test } from "vitest";
import { limits } from "../../protocol/index.ts";
import { MAX_IN_FLIGHT } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import {
  FLOOD_BYTES_AT_ONCE,
  FLOOD_BYTES_PER_SECOND,
  FLOOD_FRAMES_AT_ONCE,
  FLOOD_FRAMES_PER_SECOND,
  FloodGate,
  MAX_GATED_BYTES,
  MAX_GATED_FRAMES,
} from "./flood-gate.ts";

let clock: FakeClock;
let delivered: Uint8Array[];
let floods: number;
let gate: FloodGate;

beforeEach(() => {
  clock = new FakeClock();
  delivered = [];
  floods = 0;
  gate = new FloodGate({
    clock,
    deliver: (frame) => delivered.push(frame),
    onFlood: () => {
      floods += 1;
    },
  });
});

function numbered(n: number, length = 4): Uint8Array {
  const frame = new Uint8Array(length);
  new DataView(frame.buffer).setUint32(0, n);
  return frame;
}

function numbers(): number[] {
  return delivered.map((frame) => new DataView(frame.buffer).getUint32(0));
}

test("L8: what an honest sender has under way passes at once", () => {
  for (let n = 0; n < MAX_IN_FLIGHT; n += 1) gate.take(numbered(n, limits.MAX_ENVELOPE_BYTES));
  expect(delivered).toHaveLength(MAX_IN_FLIGHT);
  expect(clock.pendingTimers).toBe(0);
});

test("L8: frames beyond the rate wait, and come in order at the rate", async () => {
  const sent = FLOOD_FRAMES_AT_ONCE + MAX_GATED_FRAMES;
  for (let n = 0; n < sent; n += 1) gate.take(numbered(n));
  expect(delivered).toHaveLength(FLOOD_FRAMES_AT_ONCE);
  await clock.advance(1_000);
  expect(delivered.length - FLOOD_FRAMES_AT_ONCE).toBeLessThanOrEqual(FLOOD_FRAMES_PER_SECOND);
  expect(delivered.length - FLOOD_FRAMES_AT_ONCE).toBeGreaterThan(FLOOD_FRAMES_PER_SECOND * 0.95);
  await clock.advance(10_000);
  expect(numbers()).toEqual(Array.from({ length: sent }, (_, n) => n));
  expect(floods).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test("L8: bytes beyond the rate wait too", async () => {
  const length = 64 * 1024;
  const atOnce = FLOOD_BYTES_AT_ONCE / length;
  for (let n = 0; n < atOnce + 200; n += 1) gate.take(numbered(n, length));
  expect(delivered).toHaveLength(atOnce);
  await clock.advance((150 * length * 1_000) / FLOOD_BYTES_PER_SECOND);
  expect(delivered.length).toBeLessThanOrEqual(atOnce + 150);
  await clock.advance(10_000);
  expect(numbers()).toEqual(Array.from({ length: atOnce + 200 }, (_, n) => n));
});

test("L9: one frame more than may wait is a flood, told once, and nothing comes any more", async () => {
  for (let n = 0; n < FLOOD_FRAMES_AT_ONCE + MAX_GATED_FRAMES; n += 1) gate.take(numbered(n));
  expect(floods).toBe(0);
  gate.take(numbered(0));
  expect(floods).toBe(1);
  gate.take(numbered(0));
  expect(floods).toBe(1);
  await clock.advance(60_000);
  gate.take(numbered(0));
  expect(delivered).toHaveLength(FLOOD_FRAMES_AT_ONCE);
  expect(clock.pendingTimers).toBe(0);
});

test("L9: so is one byte more", () => {
  const length = 64 * 1024;
  const fits = (FLOOD_BYTES_AT_ONCE + MAX_GATED_BYTES) / length;
  for (let n = 0; n < fits; n += 1) gate.take(numbered(n, length));
  expect(floods).toBe(0);
  gate.take(Uint8Array.of(1));
  expect(floods).toBe(1);
});

test("L8: what waits when the link ends is lost with it", async () => {
  for (let n = 0; n < 2 * FLOOD_FRAMES_AT_ONCE; n += 1) gate.take(numbered(n));
  gate.end();
  await clock.advance(60_000);
  expect(delivered).toHaveLength(FLOOD_FRAMES_AT_ONCE);
  expect(clock.pendingTimers).toBe(0);
});

test("L8: whoever closes the link at a frame gets no further one", async () => {
  const seen: number[] = [];
  const closing = new FloodGate({
    clock,
    deliver: () => {
      seen.push(1);
      if (seen.length === FLOOD_FRAMES_AT_ONCE + 1) closing.end();
    },
    onFlood: () => {},
  });
  for (let n = 0; n < 2 * FLOOD_FRAMES_AT_ONCE; n += 1) closing.take(numbered(n));
  await clock.advance(60_000);
  expect(seen).toHaveLength(FLOOD_FRAMES_AT_ONCE + 1);
});

import { beforeEach, expect, test } from "vitest";
import type { DeviceId } from "../../protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { ScriptedLink } from "../testing/scripted-link.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { FIGURES_EVERY_MS, LinkLedger, MAX_FIGURES, type Figures } from "./link-ledger.ts";

let clock: FakeClock;
let told: DeviceId[];
let ledger: LinkLedger;

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  ledger = new LinkLedger(clock, ({ deviceId }) => told.push(deviceId));
});

const peerOf = (n: number): Figures["peer"] => new ScriptedLink("direct", n).peer;

function send(n: number): void {
  ledger.note(peerOf(n), (figures) => {
    figures.bytesSent += 10;
  });
}

test("L11: figures are told at once, and then once a second for each device", async () => {
  send(2);
  send(2);
  await clock.advance(0);
  expect(told).toEqual([peerOf(2).deviceId]);
  expect(ledger.get(peerOf(2).deviceId)).toMatchObject({ bytesSent: 20, bytesReceived: 0 });
  for (let ms = 0; ms < 10 * FIGURES_EVERY_MS; ms += 10) {
    send(2);
    send(3);
    await clock.advance(10);
  }
  for (const n of [2, 3]) {
    const times = told.filter((device) => device === peerOf(n).deviceId).length;
    expect(times).toBeGreaterThanOrEqual(9);
    expect(times).toBeLessThanOrEqual(11);
  }
  await clock.advance(2 * FIGURES_EVERY_MS);
  const { length } = told;
  await clock.advance(10 * FIGURES_EVERY_MS);
  expect(told).toHaveLength(length);
  expect(clock.pendingTimers).toBe(0);
});

test("L11: figures of a bounded number of devices are kept, the first go first", async () => {
  const deviceOf = (n: number): DeviceId => deviceIdOf(1 + (n % 250), Math.floor(n / 250));
  const note = (n: number): void => {
    ledger.note({ userId: userIdOf(1), deviceId: deviceOf(n) }, () => {});
  };
  for (let n = 0; n < MAX_FIGURES; n += 1) note(n);
  expect(ledger.get(deviceOf(0))).toBeDefined();
  note(MAX_FIGURES);
  expect(ledger.get(deviceOf(0))).toBeUndefined();
  expect(ledger.get(deviceOf(1))).toBeDefined();
  expect(ledger.get(deviceOf(MAX_FIGURES))).toBeDefined();
  ledger.close();
  expect(clock.pendingTimers).toBe(0);
});

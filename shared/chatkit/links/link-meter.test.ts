import { beforeEach, expect, test } from "vitest";
import { LINK_QUEUE_BYTES, LinkError, type Link } from "../link.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { ScriptedLink } from "../testing/scripted-link.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { LinkMeter, METER_DOUBTFUL_MS, METER_EVERY_MS, METER_WHILE_USED_MS } from "./link-meter.ts";
import { AGREEING } from "./slow-verdict.ts";

let clock: FakeClock;
let direct: ScriptedLink | undefined;
let relay: ScriptedLink | undefined;
let meter: LinkMeter;
/** Round trips, ms; undefined where nothing comes back. */
let times: { direct: number | undefined; relay: number | undefined };
let pinged: { direct: number; relay: number };
let probed: number;
let changes: boolean[];

beforeEach(() => {
  clock = new FakeClock();
  direct = new ScriptedLink("direct");
  relay = new ScriptedLink("relay");
  times = { direct: 20, relay: 40 };
  pinged = { direct: 0, relay: 0 };
  probed = 0;
  changes = [];
  meter = new LinkMeter({
    ports: { clock, log: new MemoryLog() },
    direct: () => direct,
    relay: () => (relay === undefined ? Promise.reject(new Error("none")) : Promise.resolve(relay)),
    ping: (link) => ping(link),
    probe: () => {
      probed += 1;
    },
    onChange: ({ peer }) => changes.push(meter.slow(peer.deviceId)),
  });
});

function ping({ kind }: Link): Promise<number> {
  pinged[kind] += 1;
  const ms = times[kind];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  clock.setTimer(
    () => (ms === undefined ? reject(new LinkError("silent", "nothing")) : resolve(ms)),
    ms ?? 5_000,
  );
  return promise;
}

const { peer } = new ScriptedLink();

/** Messages go on, one each second. */
async function talk(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    meter.used(peer);
    await clock.advance(1_000);
  }
}

test("L4: a direct link in use is timed now and then, and the relay is left alone", async () => {
  await talk(60_000);
  expect(pinged.direct).toBeGreaterThanOrEqual(10);
  expect(pinged.direct).toBeLessThanOrEqual(60_000 / METER_EVERY_MS);
  expect(probed).toBe(pinged.direct);
  expect(pinged.relay).toBe(0);
});

test("L4: a link out of use is not, from a minute after the last message on", async () => {
  await clock.advance(10 * 60_000);
  expect(pinged.direct).toBe(0);
  meter.used(peer);
  await clock.advance(METER_WHILE_USED_MS);
  const { direct: before } = pinged;
  expect(before).toBeGreaterThan(5);
  await clock.advance(10 * 60_000);
  expect(pinged.direct).toBe(before);
  expect(clock.pendingTimers).toBe(0);
  meter.used(peer);
  await clock.advance(METER_EVERY_MS);
  expect(pinged.direct).toBe(before + 1);
  meter.forget(direct ?? new ScriptedLink());
});

test("L5: a slow link yields to a relay that is clearly faster, and returns", async () => {
  times = { direct: 800, relay: 60 };
  // One look that finds it slow; then they come faster.
  await talk(METER_EVERY_MS + AGREEING * (METER_DOUBTFUL_MS + 1_000));
  expect(changes).toEqual([true]);
  expect(meter.slow(peer.deviceId)).toBe(true);
  await talk(60_000);
  expect(changes).toEqual([true]);
  times.direct = 30;
  await talk(METER_EVERY_MS + AGREEING * (METER_DOUBTFUL_MS + 1_000));
  expect(changes).toEqual([true, false]);
});

test("L5: one slow round trip moves nothing", async () => {
  for (let n = 0; n < 10; n += 1) {
    times.direct = 2_000;
    const before = pinged.direct;
    while (pinged.direct === before) await talk(1_000);
    times.direct = 20;
    await talk(2 * METER_EVERY_MS);
  }
  expect(changes).toEqual([]);
});

test("L5: a slow link stays in use where the relay is slow too, or there is none", async () => {
  times = { direct: 800, relay: 700 };
  await talk(60_000);
  relay = undefined;
  await talk(60_000);
  expect(changes).toEqual([]);
});

test("L4: behind a queue of one's own nothing is judged", async () => {
  times = { direct: 800, relay: 60 };
  if (direct !== undefined) direct.bufferedAmount = LINK_QUEUE_BYTES + 1;
  await talk(60_000);
  expect(changes).toEqual([]);
  if (direct !== undefined) direct.bufferedAmount = LINK_QUEUE_BYTES;
  await talk(20_000);
  expect(changes).toEqual([true]);
});

test("L4: silence is the probe's to judge, and the meter goes on", async () => {
  times.direct = undefined;
  await talk(30_000);
  expect(probed).toBeGreaterThan(1);
  times.direct = 20;
  const before = pinged.direct;
  await talk(2 * METER_EVERY_MS);
  expect(pinged.direct).toBeGreaterThan(before);
  expect(changes).toEqual([]);
});

test("L6: a new link begins without the verdict of the old one", async () => {
  times = { direct: 800, relay: 60 };
  await talk(20_000);
  expect(meter.slow(peer.deviceId)).toBe(true);
  const old = direct ?? new ScriptedLink();
  meter.forget(old);
  expect(meter.slow(peer.deviceId)).toBe(false);
  direct = new ScriptedLink("direct");
  times.direct = 20;
  await talk(20_000);
  // What is told late of the old one is not the new one's.
  meter.forget(old);
  expect(meter.slow(peer.deviceId)).toBe(false);
  expect(changes).toEqual([true]);
  meter.forget(direct);
  expect(clock.pendingTimers).toBe(0);
});

test("L4: without a direct link nothing is timed", async () => {
  direct = undefined;
  await talk(30_000);
  expect(pinged).toEqual({ direct: 0, relay: 0 });
  expect(clock.pendingTimers).toBe(0);
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLinkControl, PING_TOKEN_BYTES } from "../../protocol/index.ts";
import type { LinkStatus } from "../api.ts";
import { SUSPECT_TIMEOUT_MS } from "../connection/heartbeat.ts";
import { LINK_PING_TIMEOUT_MS } from "../limits.ts";
import type { Link } from "../link.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { LinkWorld, type LinkNode } from "../testing/link-world.ts";
import { FakePeers } from "../testing/peer-pair.ts";
import { FLOOD_BAN_MS } from "./flood-bans.ts";
import { FLOOD_FRAMES_AT_ONCE, MAX_GATED_FRAMES } from "./flood-gate.ts";
import { FIGURES_EVERY_MS } from "./link-ledger.ts";
import { NETWORK_PROBE_MS } from "./link-manager.ts";
import { METER_EVERY_MS, METER_WHILE_USED_MS } from "./link-meter.ts";

let clock: FakeClock;
let world: LinkWorld;
let peers: FakePeers;
let a: LinkNode;
let b: LinkNode;

beforeEach(async () => {
  clock = new FakeClock();
  world = new LinkWorld(clock);
  peers = new FakePeers();
  a = await world.add(1, peers);
  b = await world.add(2, peers);
  a.links.setWanted([b.peer]);
  b.links.setWanted([a.peer]);
  await clock.advance(1_000);
});

afterEach(async () => {
  const disposing = world.dispose();
  await clock.advance(5_000);
  await disposing;
  if (peers.living.length > 0) throw new Error("a channel outlived its links");
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the links");
});

function direct(node: LinkNode): Link {
  const link = node.links.direct((node === a ? b : a).peer.deviceId);
  if (link === undefined) throw new Error("no direct link");
  return link;
}

function statusOf(node: LinkNode): LinkStatus {
  const [status] = node.links.status();
  if (status === undefined) throw new Error("no status");
  return status;
}

/** Both channels of the direct link take so long each way. */
function slowDown(ms: number): void {
  for (const channel of peers.living) channel.carry = (deliver) => clock.setTimer(deliver, ms);
}

/** Each tells the other something, by whatever path, once a second. */
async function talk(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n += 1) {
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      const link = from.links.direct(to.peer.deviceId) ?? (await from.links.relay(to.peer));
      link.send(Uint8Array.of(n));
    }
    await clock.advance(1_000);
  }
}

describe("figures", () => {
  test("L11: bytes are counted both ways, over both kinds of links", async () => {
    const before = statusOf(a);
    direct(a).send(new Uint8Array(100));
    const relay = await a.links.relay(b.peer);
    relay.send(new Uint8Array(30));
    await clock.advance(FIGURES_EVERY_MS);
    expect(statusOf(a).bytesSent - before.bytesSent).toBe(130);
    expect(statusOf(b).bytesReceived).toBe(statusOf(a).bytesSent);
    direct(b).send(new Uint8Array(7));
    await clock.advance(FIGURES_EVERY_MS);
    expect(statusOf(a).bytesReceived).toBe(statusOf(b).bytesSent);
    // They outlive the links.
    direct(a).close();
    await clock.advance(1_000);
    expect(statusOf(a).bytesSent).toBeGreaterThanOrEqual(before.bytesSent + 130);
  });

  test("L11: they are told no oftener than once a second", async () => {
    const told: LinkStatus[] = [];
    a.links.onStatus((status) => told.push(status));
    for (let ms = 0; ms < 5_000; ms += 20) {
      direct(a).send(new Uint8Array(10));
      direct(b).send(new Uint8Array(10));
      await clock.advance(20);
    }
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told.length).toBeLessThanOrEqual(6);
  });

  test("L11: the pair of an open direct link is told, and asked for again with each measurement", async () => {
    const [channel] = peers.living;
    expect(statusOf(a).pair).toEqual({ local: "host", remote: "host", protocol: "udp" });
    if (channel !== undefined) channel.pair = { local: "relay", remote: "srflx", protocol: "tcp" };
    expect(await a.links.ping(direct(a))).toBe(0);
    expect(statusOf(a).pair).toEqual({ local: "relay", remote: "srflx", protocol: "tcp" });
    b.permits = () => false;
    peers.blocked = true;
    a.links.suspect(direct(a));
    await flushMicrotasks();
    expect(statusOf(a).pair).toBeUndefined();
  });
});

describe("the round trip that is told", () => {
  test("L11: is that of the path in use, and of no path where there is none", async () => {
    slowDown(40);
    const relay = await a.links.relay(b.peer);
    await Promise.all([a.links.ping(relay), clock.advance(100)]);
    await Promise.all([a.links.ping(direct(a)), clock.advance(80)]);
    expect(statusOf(a).roundTripMs).toBe(80);
    peers.blocked = true;
    direct(a).close();
    await clock.advance(100);
    expect(statusOf(a)).toMatchObject({ relay: "open", roundTripMs: 0 });
    relay.close();
    await clock.advance(100);
    expect(statusOf(a).roundTripMs).toBeUndefined();
  });
});

describe("control frames", () => {
  test("L1: they are for the link itself, and nobody else sees them", async () => {
    const seen: number[][] = [];
    b.links.onControl((_, sealed) => seen.push([...sealed]));
    const relay = await a.links.relay(b.peer);
    for (const link of [direct(a), relay]) {
      expect(await a.links.ping(link)).toBe(0);
      a.links.sendControl(link, Uint8Array.of(1, 2));
      link.send(Uint8Array.of(0xff, 1));
      link.send(Uint8Array.of(0x81, 1));
    }
    await flushMicrotasks();
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect([...a.frames, ...b.frames]).toEqual([]);
    expect(a.links.openLinks(b.peer.deviceId)).toEqual([direct(a), relay]);
  });

  test("L10: what a ping finds out of a link is known of it", async () => {
    expect(a.links.heardAt(direct(a))).toBeDefined();
    await clock.advance(1_000);
    expect(a.links.heardAt(direct(a))).toBeLessThan(clock.monotonic());
    a.links.prove(direct(a));
    await flushMicrotasks();
    expect(a.links.heardAt(direct(a))).toBe(clock.monotonic());
  });
});

describe("a slow direct link", () => {
  test("L5: yields to the relay on both sides, stays open, and returns", async () => {
    slowDown(400);
    await talk(20);
    for (const [node, other] of [[a, b] as const, [b, a] as const]) {
      expect(node.links.direct(other.peer.deviceId)).toBeUndefined();
      expect(node.links.whyNoDirect(other.peer.deviceId)).toBe("link-slow");
      expect(statusOf(node)).toMatchObject({ direct: "open", relay: "open", slow: true });
      expect(node.links.openLinks(other.peer.deviceId)).toHaveLength(2);
      expect(node.closed).toEqual([]);
    }
    // The figure is of the path in use.
    const relay = await a.links.relay(b.peer);
    await a.links.ping(relay);
    expect(statusOf(a).roundTripMs).toBe(0);
    a.opened.splice(0);
    slowDown(5);
    await talk(20);
    expect(direct(a)).toBeDefined();
    expect(statusOf(a)).toMatchObject({ direct: "open", slow: false });
    // Messages that wait are told that they may move.
    expect(a.opened).toEqual([direct(a)]);
  });

  test("L6: is in use again at once where the relay ends", async () => {
    slowDown(400);
    await talk(20);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    world.server.sockets.admission = "refuse";
    world.server.sockets.connections[0]?.end(1006, "");
    await flushMicrotasks();
    expect(direct(a)).toBeDefined();
    expect(statusOf(a)).toMatchObject({ direct: "open", slow: false });
  });

  test("L6: and is left alone where a policy forbids the relay", async () => {
    const rule = { direct: true, lanOnly: false, relay: false, mailbox: false };
    a.rule = b.rule = () => ({ ...rule, why: "own-policy" });
    slowDown(400);
    for (let n = 0; n < 20; n += 1) {
      direct(a).send(Uint8Array.of(n));
      await clock.advance(1_000);
    }
    expect(direct(a)).toBeDefined();
    expect(world.server.count("relay.open")).toBe(0);
  });

  test("L5: nothing is lost, doubled or reordered on one path while others are compared", async () => {
    slowDown(400);
    await talk(30);
    slowDown(5);
    await talk(30);
    const expected = Array.from({ length: 60 }, (_, n) => n % 30);
    expect(b.frames.map(({ frame }) => frame[0])).toEqual(expected);
  });
});

describe("silence", () => {
  test("L10: a link in use that falls silent is found by its pings and replaced", async () => {
    direct(a).send(Uint8Array.of(1));
    await flushMicrotasks();
    const old = direct(a);
    for (const channel of peers.living) channel.silent = true;
    await clock.advance(METER_EVERY_MS + LINK_PING_TIMEOUT_MS);
    expect(a.closed.map(({ link }) => link)).toEqual([old]);
    await clock.advance(1_500);
    expect(direct(a)).not.toBe(old);
  });

  test("L10: one out of use is not asked", async () => {
    await clock.advance(METER_WHILE_USED_MS);
    for (const channel of peers.living) channel.silent = true;
    await clock.advance(10 * METER_WHILE_USED_MS);
    expect([...a.closed, ...b.closed]).toEqual([]);
  });

  test("L12: a link that is suspected makes the server's connection suspect too", async () => {
    world.server.sockets.connections[0]?.silence();
    a.links.suspect(direct(a));
    await clock.advance(SUSPECT_TIMEOUT_MS);
    expect(a.connection.state.state).not.toBe("online");
    expect(b.connection.state.state).toBe("online");
  });

  test("L13: with other addresses a direct link has 3 s for a sign of life", async () => {
    await clock.advance(METER_WHILE_USED_MS);
    a.links.networkChanged();
    await clock.advance(NETWORK_PROBE_MS);
    expect(a.closed).toEqual([]);
    for (const channel of peers.living) channel.silent = true;
    a.links.networkChanged();
    await clock.advance(NETWORK_PROBE_MS - 1);
    expect(a.closed).toEqual([]);
    await clock.advance(1);
    expect(a.closed).toHaveLength(1);
    await clock.advance(1_500);
    expect(direct(a)).toBeDefined();
  });
});

describe("a flood", () => {
  const token = new Uint8Array(PING_TOKEN_BYTES);

  async function flood(frame: Uint8Array, count: number): Promise<void> {
    const link = direct(a);
    for (let n = 0; n < count; n += 1) link.send(frame);
    await flushMicrotasks();
  }

  test.each([
    ["of envelopes", Uint8Array.of(1, 2, 3)],
    ["of pings", encodeLinkControl({ type: "ping", token })],
  ])("L9: %s is slowed down, then cut, and no link is opened for a while", async (_, frame) => {
    await flood(frame, FLOOD_FRAMES_AT_ONCE + MAX_GATED_FRAMES / 2);
    expect(b.closed).toEqual([]);
    expect(b.frames.length).toBeLessThanOrEqual(FLOOD_FRAMES_AT_ONCE);
    await flood(frame, MAX_GATED_FRAMES);
    expect(b.closed).toHaveLength(1);
    expect(b.links.direct(a.peer.deviceId)).toBeUndefined();
    b.links.setWanted([a.peer]);
    await clock.advance(FLOOD_BAN_MS - 2_000);
    expect(b.opened).toHaveLength(1);
    expect(b.links.direct(a.peer.deviceId)).toBeUndefined();
    // By relay they may go on.
    expect(await b.links.relay(a.peer)).toBeDefined();
    await clock.advance(60_000 * 6);
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("L9: it harms nobody else's link", async () => {
    const c = await world.add(3, peers);
    c.links.setWanted([b.peer]);
    b.links.setWanted([a.peer, c.peer]);
    await clock.advance(1_000);
    await flood(Uint8Array.of(1), FLOOD_FRAMES_AT_ONCE + 2 * MAX_GATED_FRAMES);
    expect(b.closed).toHaveLength(1);
    expect(b.links.direct(c.peer.deviceId)).toBeDefined();
  });
});

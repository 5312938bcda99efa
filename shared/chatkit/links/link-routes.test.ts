import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as v from "valibot";
import {
  OutgoingSignal,
  ProtocolError,
  type RoutePolicy,
  type Signal,
} from "../../protocol/index.ts";
import { DIRECT_RETRY_MAX_MS, MAX_DIRECT_LINKS } from "../limits.ts";
import { LinkError } from "../link.ts";
import { ANY_ROUTE, routeRule } from "../routes/route-rule.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { LinkWorld, type LinkNode } from "../testing/link-world.ts";
import { FakePeers, type FakePeerChannel } from "../testing/peer-pair.ts";
import { deviceIdOf, linkIdOf, userIdOf } from "../testing/test-ids.ts";

const LONG_MS = 4 * DIRECT_RETRY_MAX_MS;
const PUBLIC = "candidate:7 1 udp 1 203.0.113.7 9 typ srflx raddr 10.0.0.7 rport 9";
const PRIVATE = "candidate:8 1 udp 1 192.168.1.8 9 typ host";

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
});

afterEach(async () => {
  await world.dispose();
  await flushMicrotasks();
  if (peers.living.length > 0) throw new Error("a channel outlived its links");
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the links");
});

/** Both know both policies, at once. */
async function choose(ofA: RoutePolicy, ofB: RoutePolicy): Promise<void> {
  a.rule = () => routeRule(ofA, ofB);
  b.rule = () => routeRule(ofB, ofA);
  a.links.routesChanged(b.peer.userId);
  b.links.routesChanged(a.peer.userId);
  await flushMicrotasks();
}

async function wantEachOther(): Promise<void> {
  a.links.setWanted([b.peer]);
  b.links.setWanted([a.peer]);
  await flushMicrotasks();
}

const isOpen = (): boolean =>
  a.links.direct(b.peer.deviceId) !== undefined && b.links.direct(a.peer.deviceId) !== undefined;

function signals(): Signal[] {
  return world.server.requests.flatMap(({ method, params }) =>
    method === "signal.send" ? [v.parse(OutgoingSignal, params).signal] : [],
  );
}

const types = (): string[] => signals().map(({ type }) => type);

function candidatesAt(channel: FakePeerChannel | undefined): string[] {
  return (channel?.received ?? []).flatMap((signal) =>
    signal.type === "candidate" ? [signal.candidate] : [],
  );
}

describe("R4: both know the policies", () => {
  const open = [
    ["automatic", "direct-only"],
    ["direct-only", "direct-only"],
    ["lan-only", "automatic"],
    ["direct-only", "lan-only"],
  ] as const;
  const shut = [
    ["relay-only", "automatic"],
    ["automatic", "relay-only"],
    ["relay-only", "relay-only"],
    ["relay-only", "direct-only"],
    ["lan-only", "relay-only"],
  ] as const;

  for (const [ofA, ofB] of open) {
    test(`${ofA} and ${ofB}: a direct link opens, and no relay channel`, async () => {
      await choose(ofA, ofB);
      await wantEachOther();
      expect(isOpen()).toBe(true);
      await expect(a.links.relay(b.peer)).rejects.toThrow(ProtocolError);
      await expect(b.links.relay(a.peer)).rejects.toThrow(ProtocolError);
      expect(world.server.count("relay.open")).toBe(0);
    });
  }

  for (const [ofA, ofB] of shut) {
    test(`${ofA} and ${ofB}: no attempt begins, and not a word is said`, async () => {
      await choose(ofA, ofB);
      await wantEachOther();
      await clock.advance(LONG_MS);
      expect(peers.channels).toEqual([]);
      expect(signals()).toEqual([]);
      expect(a.links.whyNoDirect(b.peer.deviceId)).toBe(
        ofA === "automatic" ? "peer-policy" : "own-policy",
      );
      expect(a.links.directPending(b.peer.deviceId)).toBe(false);
      expect(a.links.status()).toMatchObject([{ direct: "none" }]);
    });
  }

  test("relay only: the relay serves as ever", async () => {
    await choose("relay-only", "automatic");
    const link = await a.links.relay(b.peer);
    link.send(Uint8Array.of(7));
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[7]]);
  });
});

test("R4: devices to which no direct link may be take no place from the others", async () => {
  const others = Array.from({ length: MAX_DIRECT_LINKS }, (_, n) => ({
    userId: userIdOf(50, n),
    deviceId: deviceIdOf(50, n),
  }));
  a.rule = ({ userId }) =>
    userId === b.peer.userId ? ANY_ROUTE : routeRule("relay-only", "automatic");
  a.links.setWanted([...others, b.peer]);
  await flushMicrotasks();
  expect(isOpen()).toBe(true);
});

describe("R4: a policy that changes", () => {
  test("ends the open link at both ends, and begins it anew when it is taken back", async () => {
    await wantEachOther();
    await choose("relay-only", "automatic");
    expect(a.closed.map(({ reason }) => reason)).toEqual(["forbidden"]);
    expect(b.closed).toHaveLength(1);
    expect(types().slice(-1)).toEqual(["bye"]);
    await clock.advance(LONG_MS);
    expect(peers.channels).toHaveLength(2);
    await choose("automatic", "automatic");
    expect(isOpen()).toBe(true);
  });

  test("ends what is under way: an attempt, a request, an offer that waits", async () => {
    peers.blocked = true;
    await wantEachOther();
    expect(peers.living).toHaveLength(2);
    await choose("automatic", "relay-only");
    expect(peers.living).toEqual([]);
    world.server.script("signal.send", () => ({}));
    await choose("automatic", "automatic");
    expect(b.links.status()).toMatchObject([{ direct: "opening" }]);
    await choose("relay-only", "automatic");
    expect(b.links.status()).toMatchObject([{ direct: "none" }]);
    await clock.advance(LONG_MS);
    expect(peers.living).toEqual([]);
  });

  test("ends the relay channel at both ends", async () => {
    await a.links.relay(b.peer);
    await flushMicrotasks();
    await choose("direct-only", "automatic");
    expect([a, b].map(({ closed }) => closed.length)).toEqual([1, 1]);
    expect(world.server.clients.get(a.peer.deviceId)?.channels).toEqual([]);
    expect(world.server.clients.get(b.peer.deviceId)?.channels).toEqual([]);
  });

  test("that comes while a channel is asked for closes it before it is used", async () => {
    const asked = a.links.relay(b.peer);
    a.rule = () => routeRule("lan-only", "automatic");
    await expect(asked).rejects.toThrow("route policy");
    await flushMicrotasks();
    expect(world.server.clients.get(a.peer.deviceId)?.channels).toEqual([]);
  });

  test("one end that hears of it later loses nothing: the link that the other begins is its own", async () => {
    await wantEachOther();
    b.rule = () => routeRule("lan-only", "automatic");
    b.links.routesChanged(a.peer.userId);
    await flushMicrotasks();
    a.rule = () => routeRule("automatic", "lan-only");
    a.links.routesChanged(b.peer.userId);
    await clock.advance(2_000);
    expect(isOpen()).toBe(true);
    expect(peers.living).toHaveLength(2);
  });
});

describe("R4: a device that does not know, or does not care", () => {
  for (const offers of [true, false]) {
    test(`${offers ? "offers" : "requests"}: it is turned away, and rests`, async () => {
      const [strict, other] = offers ? [b, a] : [a, b];
      strict.rule = () => routeRule("relay-only", "automatic");
      await wantEachOther();
      // What the strict end's WebRTC would tell of its addresses was never asked for.
      expect(peers.channels).toHaveLength(offers ? 1 : 0);
      expect(signals().at(-1)).toEqual({ type: "bye", reason: "route" });
      expect(strict.forbidden).toEqual([other.peer]);
      expect(other.forbidden).toEqual([strict.peer]);
      expect(other.links.whyNoDirect(strict.peer.deviceId)).toBe("peer-policy");
      const before = signals().length;
      await clock.advance(LONG_MS);
      expect(signals()).toHaveLength(before);
      expect(other.links.status()).toMatchObject([{ direct: "none" }]);

      // The other end's news, or its coming anew, are a reason to try again.
      other.links.routesChanged(strict.peer.userId);
      await flushMicrotasks();
      expect(signals().length).toBeGreaterThan(before);
      strict.rule = () => ANY_ROUTE;
      other.links.setWanted([]);
      other.links.setWanted([strict.peer]);
      await flushMicrotasks();
      expect(isOpen()).toBe(true);
    });
  }

  for (const offers of [true, false]) {
    test(`${offers ? "offered" : "asked"} to, once the policy is another, it takes part`, async () => {
      const [strict, other] = offers ? [a, b] : [b, a];
      strict.rule = () => routeRule("relay-only", "automatic");
      await wantEachOther();
      expect(other.links.whyNoDirect(strict.peer.deviceId)).toBe("peer-policy");
      strict.rule = () => ANY_ROUTE;
      strict.links.routesChanged(other.peer.userId);
      await clock.advance(2_000);
      expect(isOpen()).toBe(true);
    });
  }

  test("opens a relay channel: it is closed, and carries nothing", async () => {
    b.rule = () => routeRule("direct-only", "automatic");
    const link = await a.links.relay(b.peer);
    expect(() => link.send(Uint8Array.of(1))).toThrow(LinkError);
    await flushMicrotasks();
    expect(b.frames).toEqual([]);
    expect(b.forbidden).toEqual([a.peer]);
    expect(a.closed.map(({ reason }) => reason)).toEqual(["closed-by-peer"]);
  });

  test("a bye of another attempt, with that reason, changes nothing", async () => {
    await wantEachOther();
    const bye = { type: "bye", reason: "route" } as const;
    const linkId = linkIdOf(99);
    const client = world.server.clients.get(a.peer.deviceId);
    client?.event("signal.received", { from: b.peer, linkId, signal: bye });
    await flushMicrotasks();
    expect(isOpen()).toBe(true);
    expect(a.forbidden).toEqual([]);
  });
});

describe("R5: this network only", () => {
  const stun = [{ urls: ["stun:127.0.0.1:3478"] }];

  test("private host candidates pass, out and in, and no server is asked", async () => {
    a.iceServers = b.iceServers = stun;
    peers.moreCandidates = [PUBLIC, PRIVATE];
    await choose("automatic", "lan-only");
    await wantEachOther();
    expect(isOpen()).toBe(true);
    for (const channel of peers.channels) {
      expect(channel.options.iceServers).toEqual([]);
      expect(candidatesAt(channel)).toHaveLength(2);
      expect(candidatesAt(channel)).not.toContain(PUBLIC);
    }
    expect(JSON.stringify(signals())).not.toContain("203.0.113.7");
  });

  test("one end alone that knows filters both ways", async () => {
    peers.moreCandidates = [PUBLIC];
    b.rule = () => routeRule("lan-only", "automatic");
    await wantEachOther();
    expect(isOpen()).toBe(true);
    const [ofA, ofB] = peers.channels;
    expect(candidatesAt(ofA)).not.toContain(PUBLIC);
    expect(candidatesAt(ofB)).not.toContain(PUBLIC);
  });

  test("a link that found an address beyond is none; it is tried again later", async () => {
    await choose("lan-only", "lan-only");
    a.links.setWanted([b.peer]);
    const [channel] = peers.channels;
    if (channel === undefined) throw new Error("no attempt");
    channel.pair = {
      local: "host",
      remote: "prflx",
      protocol: "udp",
      remoteAddress: "203.0.113.9",
    };
    await flushMicrotasks();
    expect(a.opened).toEqual([]);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    await clock.advance(30_000);
    expect(a.opened).toHaveLength(1);
  });

  test("an open link that was begun for any network gives way to one of this network", async () => {
    a.iceServers = b.iceServers = stun;
    await wantEachOther();
    const before = peers.living;
    expect(before.map(({ options }) => options.iceServers)).toEqual([stun, stun]);
    await choose("direct-only", "automatic");
    expect(peers.living).toEqual(before);
    await choose("lan-only", "automatic");
    await clock.advance(2_000);
    expect(isOpen()).toBe(true);
    expect(peers.living.map(({ options }) => options.iceServers)).toEqual([[], []]);
    const after = peers.living;
    await choose("automatic", "automatic");
    expect(peers.living).toEqual(after);
  });
});

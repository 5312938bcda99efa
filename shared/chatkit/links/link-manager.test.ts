import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  closeCodes,
  ProtocolError,
  type LinkId,
  type PeerSignal,
  type Signal,
} from "../../protocol/index.ts";
import {
  DIRECT_OPEN_TIMEOUT_MS,
  DIRECT_RETRY_MIN_MS,
  MAX_DIRECT_LINKS,
  MAX_OPENING_LINKS,
  MAX_OPENING_RELAYS,
  REQUEST_TIMEOUT_MS,
} from "../limits.ts";
import type { LinkStatus } from "../api.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { linkKeysOf, LinkWorld, type LinkNode } from "../testing/link-world.ts";
import { FakePeers } from "../testing/peer-pair.ts";
import { deviceIdOf, linkIdOf, userIdOf } from "../testing/test-ids.ts";
import { signedSignal } from "./signed-signal.ts";

let clock: FakeClock;
let world: LinkWorld;
let peers: FakePeers;

beforeEach(() => {
  clock = new FakeClock();
  world = new LinkWorld(clock);
  peers = new FakePeers();
});

afterEach(async () => {
  await world.dispose();
  await flushMicrotasks();
  if (peers.living.length > 0) throw new Error("a channel outlived its links");
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the links");
});

async function two(): Promise<{ a: LinkNode; b: LinkNode }> {
  return { a: await world.add(1, peers), b: await world.add(2, peers) };
}

async function opened(): Promise<{ a: LinkNode; b: LinkNode }> {
  const { a, b } = await two();
  a.links.setWanted([b.peer]);
  b.links.setWanted([a.peer]);
  await flushMicrotasks();
  expect(a.links.direct(b.peer.deviceId)).toBeDefined();
  expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  return { a, b };
}

/** A signal out of the blue, signed by its sender, as a server would hand it on. */
async function inject(
  to: LinkNode,
  from: number,
  link: number,
  signal: PeerSignal | Extract<Signal, { type: "request" | "bye" }>,
): Promise<void> {
  const linkId = linkIdOf(link);
  const route = { linkId, from: deviceIdOf(from), to: to.peer.deviceId };
  world.server.clients.get(to.peer.deviceId)?.event("signal.received", {
    from: { userId: userIdOf(from), deviceId: deviceIdOf(from) },
    linkId,
    signal:
      signal.type === "request" || signal.type === "bye"
        ? signal
        : signedSignal(linkKeysOf(from), route, signal),
  });
  await flushMicrotasks();
}

/** Notes every signal from here on, to be sent again later. */
function recordSignals(): { readonly ids: Set<LinkId>; readonly replay: (() => void)[] } {
  const ids = new Set<LinkId>();
  const replay: (() => void)[] = [];
  world.server.script("signal.send", ({ to, linkId, signal }, client) => {
    const from = client.identity();
    const send = (): void =>
      world.server.clients.get(to)?.event("signal.received", { from, linkId, signal });
    ids.add(linkId);
    replay.push(send);
    send();
    return {};
  });
  return { ids, replay };
}

function signals(type: Signal["type"]): number {
  return world.server.requests.filter(
    ({ method, params }) =>
      method === "signal.send" && JSON.stringify(params).includes(`"type":"${type}"`),
  ).length;
}

describe("opening", () => {
  test("both wanting at once make one link: the smaller id offers", async () => {
    const { a, b } = await opened();
    await clock.advance(30_000);
    expect(peers.channels.map((channel) => channel.options.initiator)).toEqual([true, false]);
    expect(signals("offer")).toBe(1);
    expect(signals("answer")).toBe(1);
    expect(a.opened).toEqual([a.links.direct(b.peer.deviceId)]);
    expect(b.opened).toEqual([b.links.direct(a.peer.deviceId)]);
  });

  test("the larger id, wanting alone, asks for an offer", async () => {
    const { a, b } = await two();
    b.links.setWanted([a.peer]);
    await flushMicrotasks();
    expect(signals("request")).toBe(1);
    expect(peers.channels[0]?.options.initiator).toBe(true);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("P11: an offer that is here before the roster is costs a moment, not a time-out", async () => {
    const { a, b } = await two();
    b.permits = () => false;
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    b.permits = () => true;
    b.links.setWanted([a.peer]);
    await clock.advance(1_000);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("P11: a request that is here before the roster is costs a moment, not a time-out", async () => {
    const { a, b } = await two();
    a.permits = () => false;
    b.links.setWanted([a.peer]);
    await flushMicrotasks();
    a.permits = () => true;
    await clock.advance(1_000);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("P11: an offer that was lost is made again when the other side asks", async () => {
    const { a, b } = await two();
    world.server.script("signal.send", () => ({}));
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    recordSignals();
    b.links.setWanted([a.peer]);
    await clock.advance(1_200);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
    await clock.advance(30_000);
    expect(a.opened).toHaveLength(1);
  });

  test("the link carries frames and tells whose it is", async () => {
    const { a, b } = await opened();
    a.links.direct(b.peer.deviceId)?.send(Uint8Array.of(1, 2));
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[1, 2]]);
    expect(b.frames[0]?.link.peer).toEqual(a.peer);
    expect(b.frames[0]?.link.kind).toBe("direct");
  });

  test("tells its status, with the time it took", async () => {
    const { a, b } = await two();
    const seen: LinkStatus[] = [];
    a.links.onStatus((status) => seen.push(status));
    a.links.setWanted([b.peer]);
    expect(a.links.directPending(b.peer.deviceId)).toBe(true);
    expect(a.links.whyNoDirect(b.peer.deviceId)).toBe("link-opening");
    await flushMicrotasks();
    expect(seen.map((status) => status.direct)).toEqual(["opening", "open"]);
    expect(seen.at(-1)).toEqual({
      ...b.peer,
      bytesSent: 0,
      bytesReceived: 0,
      slow: false,
      near: false,
      direct: "open",
      relay: "none",
      openedInMs: 0,
    });
    expect(a.links.directPending(b.peer.deviceId)).toBe(false);
    const link = a.links.direct(b.peer.deviceId);
    if (link !== undefined) a.links.alive(link, 12);
    expect(a.links.status()).toEqual([
      expect.objectContaining({ direct: "open", relay: "none", openedInMs: 0, roundTripMs: 12 }),
    ]);
  });

  test("without WebRTC there is no direct link and the other side is told at once", async () => {
    const a = await world.add(1, peers);
    const b = await world.add(2);
    a.links.setWanted([b.peer]);
    b.links.setWanted([a.peer]);
    await flushMicrotasks();
    expect(b.links.whyNoDirect(a.peer.deviceId)).toBe("no-webrtc");
    expect(a.links.directPending(b.peer.deviceId)).toBe(false);
    expect(a.links.whyNoDirect(b.peer.deviceId)).toBe("link-failed");
  });
});

describe("failing", () => {
  test("an attempt that does not open is given up on both sides and tried again, more and more seldom", async () => {
    peers.blocked = true;
    const { a, b } = await two();
    a.links.setWanted([b.peer]);
    await clock.advance(1_499);
    expect(a.links.directPending(b.peer.deviceId)).toBe(true);
    await clock.advance(1);
    expect(a.links.directPending(b.peer.deviceId)).toBe(false);
    await clock.advance(DIRECT_OPEN_TIMEOUT_MS - 1_500);
    expect(peers.living).toHaveLength(0);
    expect(a.links.whyNoDirect(b.peer.deviceId)).toBe("link-failed");
    expect(a.links.status()[0]?.direct).toBe("failed");
    await clock.advance(DIRECT_RETRY_MIN_MS);
    expect(signals("offer")).toBe(2);
    await clock.advance(60 * 60_000);
    expect(signals("offer")).toBeGreaterThan(10);
    expect(signals("offer")).toBeLessThan(30);
    expect(a.closed).toEqual([]);
  });

  test("it opens as soon as the way is free again", async () => {
    peers.blocked = true;
    const { a, b } = await two();
    a.links.setWanted([b.peer]);
    await clock.advance(DIRECT_OPEN_TIMEOUT_MS);
    peers.blocked = false;
    await clock.advance(DIRECT_RETRY_MIN_MS);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(a.links.whyNoDirect(b.peer.deviceId)).toBe("link-opening");
  });

  test("a peer that is offline fails the attempt at once", async () => {
    const a = await world.add(1, peers);
    a.links.setWanted([{ userId: userIdOf(2), deviceId: deviceIdOf(2) }]);
    await flushMicrotasks();
    expect(a.links.whyNoDirect(deviceIdOf(2))).toBe("link-failed");
    expect(peers.living).toHaveLength(0);
  });

  test("a request that nobody heeds times out and is repeated", async () => {
    const b = await world.add(2, peers);
    world.server.script("signal.send", () => ({}));
    b.links.setWanted([{ userId: userIdOf(1), deviceId: deviceIdOf(1) }]);
    await clock.advance(DIRECT_OPEN_TIMEOUT_MS + DIRECT_RETRY_MIN_MS);
    expect(signals("request")).toBe(2);
  });

  test("a broken link is replaced within a moment", async () => {
    const { a, b } = await opened();
    const old = a.links.direct(b.peer.deviceId);
    peers.channels[0]?.fail(new Error("ICE failed"));
    await flushMicrotasks();
    expect(a.closed).toEqual([{ link: old, reason: "failed" }]);
    expect(b.closed.map(({ reason }) => reason)).toEqual(["closed-by-peer"]);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    expect(a.links.whyNoDirect(b.peer.deviceId)).toBe("link-lost");
    // The other side's request may come first, and is paced.
    await clock.advance(1_000);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("a suspected link leaves use at once on both sides and is replaced", async () => {
    const { a, b } = await opened();
    const old = a.links.direct(b.peer.deviceId);
    if (old === undefined) throw new Error("not open");
    a.links.alive(old, 3);
    a.links.suspect(old);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    await flushMicrotasks();
    expect(b.closed).toHaveLength(1);
    await clock.advance(1_500);
    const replacement = a.links.direct(b.peer.deviceId);
    expect(replacement).toBeDefined();
    a.links.suspect(old);
    expect(a.links.direct(b.peer.deviceId)).toBe(replacement);
  });

  test("a link that was alive is replaced at once, whatever came before it", async () => {
    peers.blocked = true;
    const { a, b } = await two();
    a.links.setWanted([b.peer]);
    await clock.advance(60_000);
    peers.blocked = false;
    await clock.advance(60_000);
    const link = a.links.direct(b.peer.deviceId);
    if (link === undefined) throw new Error("not open");
    a.links.alive(link, 3);
    a.links.suspect(link);
    await clock.advance(500);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
  });

  test("links that are never alive are replaced more and more seldom", async () => {
    const { a, b } = await opened();
    a.links.onDirectOpen((link) => clock.setTimer(() => a.links.suspect(link), 100));
    const link = a.links.direct(b.peer.deviceId);
    if (link !== undefined) a.links.suspect(link);
    await clock.advance(5 * 60_000);
    expect(a.opened.length).toBeLessThan(15);
    await clock.advance(200);
  });
});

describe("bounds", () => {
  test("few links are opened at a time, and all in the end", async () => {
    peers.blocked = true;
    const a = await world.add(1, peers);
    const others = [];
    for (let n = 2; n < 22; n += 1) others.push(await world.add(n, peers));
    a.links.setWanted(others.map((node) => node.peer));
    await flushMicrotasks();
    const opening = () => peers.living.filter((channel) => channel.options.initiator);
    expect(opening()).toHaveLength(MAX_OPENING_LINKS);
    peers.blocked = false;
    await clock.advance(60_000);
    for (const { peer } of others) expect(a.links.direct(peer.deviceId)).toBeDefined();
  });

  test("many offers at once are all taken, a few at a time", async () => {
    const last = await world.add(40, peers);
    for (let n = 1; n < 20; n += 1) {
      const node = await world.add(n, peers);
      node.links.setWanted([last.peer]);
    }
    await flushMicrotasks();
    await clock.advance(100);
    expect(last.opened).toHaveLength(19);
  });

  test("no more than the limit are kept, those wanted first", async () => {
    const a = await world.add(1, peers);
    const others: LinkNode[] = [];
    for (let n = 2; n < MAX_DIRECT_LINKS + 6; n += 1) others.push(await world.add(n, peers));
    a.links.setWanted(others.map((node) => node.peer));
    await clock.advance(1_000);
    expect(a.opened).toHaveLength(MAX_DIRECT_LINKS);
    const outside = others.at(-1);
    if (outside === undefined) throw new Error("nobody");
    expect(a.links.whyNoDirect(outside.peer.deviceId)).toBe("link-limit");
    outside.links.setWanted([a.peer]);
    await clock.advance(1_000);
    expect(outside.links.direct(a.peer.deviceId)).toBeUndefined();
    // Once it comes first, another has to go.
    a.links.setWanted([outside.peer, ...others.slice(0, -1).map((node) => node.peer)]);
    await clock.advance(1_000);
    expect(a.links.direct(outside.peer.deviceId)).toBeDefined();
    expect(peers.channels.filter(({ options }) => options.initiator)).toHaveLength(
      MAX_DIRECT_LINKS + 1,
    );
    expect(a.links.status().filter((status) => status.direct === "open")).toHaveLength(
      MAX_DIRECT_LINKS,
    );
  });
});

describe("signals that do not belong", () => {
  test("offers of strangers are not heard", async () => {
    const { a, b } = await two();
    b.permits = () => false;
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    expect(peers.channels).toHaveLength(1);
    expect(b.opened).toEqual([]);
  });

  test("an offer from the larger id is not heard", async () => {
    const { a } = await two();
    await inject(a, 2, 50, { type: "offer", sdp: "v=0 0" });
    expect(peers.channels).toHaveLength(0);
  });

  test("a request from the smaller id is not heard", async () => {
    const { b } = await two();
    await inject(b, 1, 50, { type: "request" });
    expect(peers.channels).toHaveLength(0);
  });

  test("signals of other attempts do not reach the present one", async () => {
    const { a, b } = await opened();
    const before = peers.channels.map((channel) => channel.received.length);
    for (const node of [a, b]) {
      const from = node === a ? 2 : 1;
      await inject(node, from, 51, { type: "bye" });
      await inject(node, from, 52, { type: "answer", sdp: "v=0 9" });
      await inject(node, from, 53, {
        type: "candidate",
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        sdpMid: "0",
        sdpMLineIndex: 0,
      });
    }
    expect(peers.channels.map((channel) => channel.received.length)).toEqual(before);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("a third device cannot end the link of another, though it knows its id", async () => {
    const { a, b } = await two();
    const ids = recordSignals().ids;
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    for (const linkId of ids) {
      const from = { userId: userIdOf(3), deviceId: deviceIdOf(3) };
      const client = world.server.clients.get(b.peer.deviceId);
      client?.event("signal.received", { from, linkId, signal: { type: "bye" } });
    }
    await flushMicrotasks();
    expect(ids.size).toBe(1);
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });

  test("replayed signals of an ended attempt open nothing", async () => {
    const { a, b } = await two();
    const { replay } = recordSignals();
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    a.links.setWanted([]);
    await flushMicrotasks();
    const before = peers.channels.length;
    for (const send of replay.splice(0)) send();
    await clock.advance(20_000);
    expect(peers.channels).toHaveLength(before);
  });

  test("a second description does not reach the channel", async () => {
    const { a } = await two();
    world.server.script("signal.send", () => ({}));
    await inject(a, 0, 60, { type: "offer", sdp: "v=0 0" });
    await inject(a, 0, 60, { type: "offer", sdp: "v=0 0" });
    await inject(a, 0, 60, { type: "answer", sdp: "v=0 0" });
    expect(peers.channels.map((channel) => channel.received.length)).toEqual([1]);
  });

  test("a second answer does not reach the channel", async () => {
    const { a, b } = await two();
    const { replay } = recordSignals();
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    for (const send of replay.splice(0)) send();
    await flushMicrotasks();
    const descriptions = peers.channels.map(
      (channel) => channel.received.filter((signal) => signal.type !== "candidate").length,
    );
    expect(descriptions).toEqual([1, 1]);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
  });

  test("a flood of candidates is cut off", async () => {
    const { a } = await two();
    world.server.script("signal.send", () => ({}));
    await inject(a, 0, 60, { type: "offer", sdp: "v=0 99" });
    await inject(a, 0, 61, { type: "offer", sdp: "v=0 1" });
    for (let n = 0; n < 200; n += 1) {
      await inject(a, 0, 61, {
        type: "candidate",
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        sdpMid: "0",
        sdpMLineIndex: 0,
      });
    }
    expect(peers.channels.at(-1)?.received.length).toBeLessThanOrEqual(64);
  });

  test("a peer that restarted and asks again gets a new link", async () => {
    const { a, b } = await opened();
    const old = a.links.direct(b.peer.deviceId);
    await clock.advance(5_000);
    world.server.script("signal.send", () => ({}));
    await inject(a, 2, 70, { type: "request" });
    expect(a.closed.map(({ link }) => link)).toEqual([old]);
    expect(signals("offer")).toBe(2);
    await inject(a, 2, 70, { type: "request" });
    await inject(a, 2, 71, { type: "request" });
    expect(signals("offer")).toBe(2);
  });
});

describe("letting go", () => {
  test("closing tells the other side", async () => {
    const { a, b } = await opened();
    a.links.direct(b.peer.deviceId)?.close();
    await flushMicrotasks();
    expect(b.closed.map(({ reason }) => reason)).toEqual(["closed-by-peer"]);
  });

  test("a device that is no longer wanted loses its relay link and what is being opened", async () => {
    const { a, b } = await two();
    const relay = await a.links.relay(b.peer);
    world.server.script("signal.send", () => ({}));
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    a.links.setWanted([]);
    await flushMicrotasks();
    expect(a.closed.map(({ reason }) => reason)).toEqual(["closed"]);
    expect(() => relay.send(Uint8Array.of(1))).toThrow(
      expect.objectContaining({ reason: "closed" }),
    );
    expect(a.links.status()).toEqual([]);
  });

  test("K6 an open direct link outlives its being wanted, and is not opened again", async () => {
    const { a, b } = await opened();
    const direct = a.links.direct(b.peer.deviceId);
    a.links.setWanted([]);
    await flushMicrotasks();
    expect(a.links.direct(b.peer.deviceId)).toBe(direct);
    a.links.setWanted([b.peer]);
    await clock.advance(10_000);
    expect(a.links.direct(b.peer.deviceId)).toBe(direct);
    expect(signals("offer")).toBe(1);
    a.links.setWanted([]);
    b.links.setWanted([]);
    direct?.close();
    await clock.advance(60_000);
    expect(signals("offer")).toBe(1);
    expect(a.links.status()).toEqual([]);
  });

  test("a device that is no longer permitted loses the links it opened", async () => {
    const { a, b } = await two();
    a.links.setWanted([b.peer]);
    await a.links.relay(b.peer);
    await flushMicrotasks();
    b.links.setWanted([]);
    expect(b.closed).toEqual([]);
    b.permits = () => false;
    b.links.setWanted([]);
    await flushMicrotasks();
    expect(b.closed).toHaveLength(2);
  });
});

describe("a lost server", () => {
  test("leaves direct links alone and ends relay links", async () => {
    const { a, b } = await opened();
    const direct = a.links.direct(b.peer.deviceId);
    await a.links.relay(b.peer);
    for (const socket of world.server.sockets.connections) socket.end(closeCodes.goingAway, "");
    world.server.sockets.admission = "refuse";
    await clock.advance(5 * 60_000);
    expect(a.closed.map(({ link, reason }) => [link.kind, reason])).toEqual([
      ["relay", "disconnected"],
    ]);
    expect(a.links.direct(b.peer.deviceId)).toBe(direct);
    direct?.send(Uint8Array.of(5));
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[5]]);
    await expect(a.links.relay(b.peer)).rejects.toMatchObject({ reason: "server-unreachable" });
  });

  test("an attempt whose signals were lost with it begins anew", async () => {
    const { a, b } = await two();
    world.server.script("signal.send", () => ({}));
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    recordSignals();
    world.server.sockets.connections[0]?.end(closeCodes.goingAway, "");
    await clock.advance(2_000);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
  });

  test("a link that broke meanwhile is opened again once the server is back", async () => {
    const { a, b } = await opened();
    world.server.sockets.admission = "refuse";
    for (const socket of world.server.sockets.connections) socket.end(closeCodes.goingAway, "");
    peers.channels[0]?.fail(new Error("ICE failed"));
    peers.channels[1]?.fail(new Error("ICE failed"));
    await clock.advance(30_000);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    world.server.sockets.admission = "accept";
    a.connection.reconnectNow();
    b.connection.reconnectNow();
    await clock.advance(2_000);
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect(b.links.direct(a.peer.deviceId)).toBeDefined();
  });
});

describe("relay", () => {
  test("asking twice opens one channel", async () => {
    const { a, b } = await two();
    const [one, two_] = await Promise.all([a.links.relay(b.peer), a.links.relay(b.peer)]);
    expect(one).toBe(two_);
    expect(world.server.count("relay.open")).toBe(1);
    expect(await b.links.relay(a.peer)).toMatchObject({ kind: "relay", peer: a.peer });
    expect(world.server.count("relay.open")).toBe(1);
  });

  test("both opening at once share one channel and lose nothing", async () => {
    const { a, b } = await two();
    const [ab, ba] = await Promise.all([a.links.relay(b.peer), b.links.relay(a.peer)]);
    ab.send(Uint8Array.of(1));
    ba.send(Uint8Array.of(2));
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[1]]);
    expect(a.frames.map(({ frame }) => [...frame])).toEqual([[2]]);
    expect([...a.closed, ...b.closed]).toEqual([]);
    ab.close();
    await flushMicrotasks();
    expect(b.closed).toEqual([{ link: ba, reason: "closed-by-peer" }]);
    expect(a.links.status()).toEqual([]);
  });

  test("a refusal is the caller's, with the server's error", async () => {
    const { a, b } = await two();
    world.server.script("relay.open", () => {
      throw new ProtocolError("not-buddies", "no");
    });
    await expect(a.links.relay(b.peer)).rejects.toMatchObject({ errorName: "not-buddies" });
    expect(a.links.status()).toEqual([]);
  });

  test("channels to a crowd are asked for in turns, and one that fails ends its turn", async () => {
    const a = await world.add(1);
    const crowd: LinkNode[] = [];
    for (let n = 2; n < 2 + 3 * MAX_OPENING_RELAYS; n++) crowd.push(await world.add(n));
    world.server.script("relay.open", () => "never");
    const opening = Promise.allSettled(crowd.map(({ peer }) => a.links.relay(peer)));
    await flushMicrotasks();
    expect(world.server.count("relay.open")).toBe(MAX_OPENING_RELAYS);
    world.server.script("relay.open", ({ to }, client) => {
      const other = world.server.clients.get(to);
      if (other === undefined) throw new Error("no peer");
      return client.openChannel(other);
    });
    await clock.advance(REQUEST_TIMEOUT_MS);
    const outcomes = (await opening).map(({ status }) => status);
    expect(outcomes.lastIndexOf("rejected")).toBe(MAX_OPENING_RELAYS - 1);
    expect(outcomes.indexOf("fulfilled")).toBe(MAX_OPENING_RELAYS);
  });

  test("frames that come before the answer was handled are not lost", async () => {
    const { a, b } = await two();
    world.server.script("relay.open", (_, client) => {
      const other = world.server.clients.get(b.peer.deviceId);
      if (other === undefined) throw new Error("no peer");
      const opened = client.openChannel(other);
      // In the same turn as the answer, as sockets may hand them out.
      queueMicrotask(() => client.end.send(Uint8Array.of(0, opened.channel, 42)));
      return opened;
    });
    await a.links.relay(b.peer);
    await flushMicrotasks();
    expect(a.frames.map(({ frame }) => [...frame])).toEqual([[42]]);
  });

  test("a channel of a connection that was lost in the same turn is none", async () => {
    const { a, b } = await two();
    world.server.script("relay.open", () => {
      // Runs after the answer was read and before its promise is settled.
      queueMicrotask(() =>
        queueMicrotask(() => world.server.sockets.connections[0]?.end(1006, "")),
      );
      return { channel: 1 };
    });
    await expect(a.links.relay(b.peer)).rejects.toMatchObject({ reason: "server-unreachable" });
    expect(a.links.status()).toEqual([]);
  });

  test("channels of strangers are closed and carry nothing", async () => {
    const { a, b } = await two();
    b.permits = () => false;
    const refused = a.links.relay(b.peer);
    await flushMicrotasks();
    await refused;
    expect(a.closed.map(({ reason }) => reason)).toEqual(["closed-by-peer"]);

    world.server.script("relay.close", () => ({}));
    const link = await a.links.relay(b.peer);
    link.send(Uint8Array.of(1));
    await flushMicrotasks();
    expect(b.frames).toEqual([]);
  });

  test("`relay.flow` stops the sender and lets it go on", async () => {
    const { a, b } = await two();
    const link = await a.links.relay(b.peer);
    const client = world.server.clients.get(a.peer.deviceId);
    const channel = client?.channels[0];
    if (client === undefined || channel === undefined) throw new Error("no channel");
    client.event("relay.flow", { channel, paused: true });
    await flushMicrotasks();
    expect(link.writable).toBe(false);
    link.send(Uint8Array.of(1));
    await clock.advance(60_000);
    expect(b.frames).toEqual([]);
    expect(link.bufferedAmount).toBe(1);
    client.event("relay.flow", { channel, paused: false });
    await flushMicrotasks();
    expect(link.writable).toBe(true);
    expect(a.drained).toEqual([link]);
    link.send(Uint8Array.of(2));
    client.event("relay.flow", { channel, paused: true });
    client.event("relay.flow", { channel, paused: false });
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[1], [2]]);
  });

  test.each([
    ["closed", "closed-by-peer"],
    ["peer-offline", "disconnected"],
    ["not-permitted", "refused"],
    ["slow-receiver", "failed"],
  ] as const)("the server's reason %s reads as %s", async (reason, expected) => {
    const { a, b } = await two();
    await a.links.relay(b.peer);
    const client = world.server.clients.get(a.peer.deviceId);
    client?.event("relay.closed", { channel: client.channels[0] ?? 0, reason });
    await flushMicrotasks();
    expect(a.closed.map((end) => end.reason)).toEqual([expected]);
    expect(a.links.status()).toEqual([]);
  });

  test("a suspected relay link makes place for a new one", async () => {
    const { a, b } = await two();
    const first = await a.links.relay(b.peer);
    a.links.suspect(first);
    const second = await a.links.relay(b.peer);
    expect(second).not.toBe(first);
    second.send(Uint8Array.of(3));
    await flushMicrotasks();
    expect(b.frames.map(({ frame }) => [...frame])).toEqual([[3]]);
  });
});

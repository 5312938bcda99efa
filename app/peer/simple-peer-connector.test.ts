import SimplePeer from "simple-peer";
import wrtc from "wrtc";
import { afterEach, expect, test, vi } from "vitest";
import { describeLink, type LinkPair } from "../../shared/chatkit/testing/link-contract.ts";
import { LinkWorld, sideOf } from "../../shared/chatkit/testing/link-world.ts";
import type { PeerChannel, PeerSignal } from "../../shared/chatkit/ports.ts";
import { createSimplePeerConnector } from "./simple-peer-connector.ts";
import { systemClock } from "./system-clock.ts";

const connector = createSimplePeerConnector(SimplePeer, { wrtc });

interface Side {
  readonly channel: PeerChannel;
  readonly signals: PeerSignal[];
  readonly messages: number[][];
  readonly closed: (Error | undefined)[];
  opened: number;
}

const channels: PeerChannel[] = [];

function side(initiator: boolean, other: () => Side | undefined): Side {
  const made: Side = {
    signals: [],
    messages: [],
    closed: [],
    opened: 0,
    channel: connector.create(
      { initiator, iceServers: [] },
      {
        onSignal: (signal) => {
          made.signals.push(signal);
          other()?.channel.signal(signal);
        },
        onOpen: () => {
          made.opened += 1;
        },
        onMessage: (bytes) => made.messages.push([...bytes]),
        onDrain: () => {},
        onClose: (error) => made.closed.push(error),
      },
    ),
  };
  channels.push(made.channel);
  return made;
}

function pair(): { a: Side; b: Side } {
  const sides: { a?: Side; b?: Side } = {};
  const a = (sides.a = side(true, () => sides.b));
  const b = (sides.b = side(false, () => sides.a));
  return { a, b };
}

afterEach(() => {
  vi.useRealTimers();
  for (const channel of channels.splice(0)) channel.close();
});

/** SCTP doubles its waits after a loss (RFC 9260, 6.3.3), and a full machine drops bursts. */
const wait = { timeout: 18_000, interval: 5 };

test("two connectors open, exchange, and see an orderly close", async () => {
  const { a, b } = pair();
  await vi.waitUntil(() => a.opened === 1 && b.opened === 1, wait);
  a.channel.send(Uint8Array.of(1, 2, 3));
  b.channel.send(Uint8Array.of(4));
  await vi.waitUntil(() => a.messages.length === 1 && b.messages.length === 1, wait);
  expect(b.messages).toEqual([[1, 2, 3]]);
  expect(a.messages).toEqual([[4]]);
  expect(a.signals[0]?.type).toBe("offer");
  expect(b.signals[0]?.type).toBe("answer");
  expect(a.signals.some((signal) => signal.type === "candidate")).toBe(true);

  a.channel.close();
  a.channel.close();
  await vi.waitUntil(() => a.closed.length === 1 && b.closed.length === 1, wait);
  expect(a.closed).toEqual([undefined]);
  expect(b.closed).toEqual([undefined]);
  a.channel.send(Uint8Array.of(9));
  a.channel.signal({ type: "candidate", candidate: "", sdpMid: null, sdpMLineIndex: null });
});

test("X2: that all candidates were told comes after them, once, also where the link opens", async () => {
  const { a, b } = pair();
  const gathered: string[] = [];
  const watched = connector.create(
    { initiator: true, iceServers: [] },
    {
      onSignal: ({ type }) => gathered.push(type),
      onGathered: () => gathered.push("all"),
      onOpen: () => {},
      onMessage: () => {},
      onDrain: () => {},
      onClose: () => {},
    },
  );
  channels.push(watched);
  await vi.waitUntil(() => gathered.includes("all") && a.opened + b.opened === 2, wait);
  expect(gathered[0]).toBe("offer");
  expect(gathered.indexOf("all")).toBe(gathered.length - 1);
  expect(gathered.length).toBeGreaterThan(2);
});

test("a session description that is none closes the channel with an error, once", async () => {
  const broken = side(false, () => undefined);
  broken.channel.signal({ type: "offer", sdp: "v=0\r\nnonsense" });
  await vi.waitUntil(() => broken.closed.length > 0, wait);
  expect(broken.closed).toHaveLength(1);
  expect(broken.closed[0]).toBeInstanceOf(Error);
  expect(broken.opened).toBe(0);
});

test("a broken candidate harms nobody else", async () => {
  const { a, b } = pair();
  const stranger = side(false, () => undefined);
  stranger.channel.signal({
    type: "candidate",
    candidate: "candidate:x y z",
    sdpMid: null,
    sdpMLineIndex: null,
  });
  await vi.waitUntil(() => a.opened === 1 && b.opened === 1, wait);
  expect(stranger.opened).toBe(0);
});

test("a host without WebRTC is told by the close", async () => {
  const closed: (Error | undefined)[] = [];
  const none = createSimplePeerConnector(
    class {
      constructor() {
        throw new Error("No WebRTC support");
      }
      readonly bufferSize = 0;
      signal(): void {}
      send(): void {}
      write(): boolean {
        return true;
      }
      destroy(): void {}
      on(): void {}
    },
  );
  const channel = none.create(
    { initiator: true, iceServers: [] },
    {
      onSignal: () => {},
      onOpen: () => {},
      onMessage: () => {},
      onDrain: () => {},
      onClose: (error) => closed.push(error),
    },
  );
  expect(closed).toEqual([]);
  channel.close();
  await vi.waitUntil(() => closed.length === 1, wait);
  expect(closed[0]?.message).toBe("No WebRTC support");
});

type GatheringListener = (
  connection: RTCIceConnectionState,
  gathering: RTCIceGatheringState,
) => void;

/** Notes what it is told to do, and tells what the test says. */
class ScriptedPeer {
  static readonly all: ScriptedPeer[] = [];
  readonly calls: unknown[] = [];
  bufferSize = 0;
  opens = true;
  refusesStats = false;
  readonly asked: ((error: unknown, reports?: readonly unknown[]) => void)[] = [];
  readonly written: (() => void)[] = [];
  readonly #plain: { readonly event: string; readonly listener: () => void }[] = [];
  readonly #data: ((data: unknown) => void)[] = [];

  constructor() {
    ScriptedPeer.all.push(this);
  }

  on(
    ...[event, listener]:
      | [event: "connect" | "close", listener: () => void]
      | [event: "signal" | "data", listener: (data: unknown) => void]
      | [event: "error", listener: (error: Error) => void]
      | [event: "iceStateChange", listener: GatheringListener]
  ): void {
    if (event === "connect" || event === "close") this.#plain.push({ event, listener });
    else if (event === "data") this.#data.push(listener);
  }

  tell(event: "connect" | "close"): void {
    for (const plain of this.#plain) if (plain.event === event) plain.listener();
  }

  bring(data: Uint8Array): void {
    for (const listener of this.#data) listener(data);
  }

  signal(): void {}

  send(data: Uint8Array): void {
    if (!this.opens) throw new Error("not open");
    this.calls.push([...data]);
  }

  write(data: Uint8Array, written: () => void): boolean {
    this.send(data);
    this.written.push(written);
    return true;
  }

  destroy(): void {
    this.calls.push("destroy");
  }

  getStats(done: (error: unknown, reports?: readonly unknown[]) => void): void {
    this.calls.push("stats");
    if (this.refusesStats) throw new Error("closed");
    this.asked.push(done);
  }
}

function scripted(): { channel: PeerChannel; peer: ScriptedPeer; told: string[] } {
  const told: string[] = [];
  const channel = createSimplePeerConnector(ScriptedPeer).create(
    { initiator: true, iceServers: [] },
    {
      onSignal: () => {},
      onOpen: () => told.push("open"),
      onMessage: (bytes) => told.push(`message ${bytes.length}`),
      onDrain: () => told.push("drain"),
      onClose: () => told.push("close"),
    },
  );
  const peer = ScriptedPeer.all.at(-1);
  if (peer === undefined) throw new Error("no peer was made");
  return { channel, peer, told };
}

test("whoever closes says farewell, and destroys nothing until the other side has closed", async () => {
  vi.useFakeTimers();
  const { channel, peer, told } = scripted();
  peer.tell("connect");
  channel.send(Uint8Array.of(1));
  channel.close();
  channel.close();
  channel.send(Uint8Array.of(2));
  peer.bring(Uint8Array.of(3));
  await Promise.resolve();
  expect(peer.calls).toEqual([[1], []]);
  expect(told).toEqual(["open", "close"]);
  peer.tell("close");
  vi.advanceTimersByTime(60_000);
  expect(peer.calls).toEqual([[1], []]);
  expect(told).toEqual(["open", "close"]);
});

test("who does not answer a farewell is not waited for", () => {
  vi.useFakeTimers();
  const { channel, peer } = scripted();
  peer.tell("connect");
  channel.close();
  vi.advanceTimersByTime(999);
  expect(peer.calls).toEqual([[]]);
  vi.advanceTimersByTime(1);
  expect(peer.calls).toEqual([[], "destroy"]);
});

test("a farewell closes this side, whichever side closes too", async () => {
  const { peer, told } = scripted();
  peer.tell("connect");
  peer.bring(new Uint8Array(0));
  expect(peer.calls).toEqual(["destroy"]);
  peer.tell("close");
  expect(told).toEqual(["open", "close"]);

  const both = scripted();
  both.peer.tell("connect");
  both.channel.close();
  both.peer.bring(new Uint8Array(0));
  expect(both.peer.calls).toEqual([[], "destroy"]);
});

test("what was sent until a late callback is drained too before it is told", () => {
  vi.useFakeTimers();
  const { channel, peer, told } = scripted();
  peer.tell("connect");
  const frame = new Uint8Array(40 * 1024);
  channel.send(frame);
  peer.bufferSize = frame.length;
  channel.send(frame);
  expect(peer.written).toHaveLength(1);
  channel.send(frame);
  peer.bufferSize = 2 * frame.length;
  peer.written[0]?.();
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(["open"]);
  peer.bufferSize = 0;
  vi.advanceTimersByTime(100);
  expect(told).toEqual(["open", "drain"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("what never opened is destroyed at once", () => {
  const { channel, peer } = scripted();
  peer.opens = false;
  channel.close();
  expect(peer.calls).toEqual(["destroy"]);
});

const statistics = [
  { type: "transport", selectedCandidatePairId: "P" },
  { type: "candidate-pair", id: "P", localCandidateId: "L", remoteCandidateId: "R" },
  { type: "local-candidate", id: "L", candidateType: "host", protocol: "udp" },
  { type: "remote-candidate", id: "R", candidateType: "prflx", address: "192.0.2.9" },
];

test("L11: the pair is asked for while the channel is open, once at a time", async () => {
  const { channel, peer } = scripted();
  await expect(channel.selectedPair()).resolves.toBeUndefined();
  peer.tell("connect");
  const both = [channel.selectedPair(), channel.selectedPair()];
  expect(peer.calls).toEqual(["stats"]);
  peer.asked[0]?.(null, statistics);
  const pair = { local: "host", remote: "prflx", protocol: "udp", remoteAddress: "192.0.2.9" };
  await expect(Promise.all(both)).resolves.toEqual([pair, pair]);
  channel.close();
  await expect(channel.selectedPair()).resolves.toBeUndefined();
  expect(peer.calls).toEqual(["stats", []]);
});

test("L11: statistics that fail, or never come, tell nothing", async () => {
  vi.useFakeTimers();
  const { channel, peer } = scripted();
  peer.tell("connect");
  const failed = channel.selectedPair();
  peer.asked[0]?.(new Error("no statistics"));
  await expect(failed).resolves.toBeUndefined();
  peer.refusesStats = true;
  await expect(channel.selectedPair()).resolves.toBeUndefined();
  peer.refusesStats = false;
  const late = channel.selectedPair();
  await vi.advanceTimersByTimeAsync(1000);
  await expect(late).resolves.toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test("nothing is destroyed while its statistics are read", async () => {
  const { channel, peer } = scripted();
  peer.tell("connect");
  const asked = channel.selectedPair();
  peer.bring(new Uint8Array(0));
  expect(peer.calls).toEqual(["stats"]);
  peer.asked[0]?.(null, statistics);
  await asked;
  await Promise.resolve();
  expect(peer.calls).toEqual(["stats", "destroy"]);
});

test("L11: an open channel tells its pair, also to who closes in that moment", async () => {
  const { a, b } = pair();
  await vi.waitUntil(() => a.opened === 1 && b.opened === 1, wait);
  const told = await a.channel.selectedPair();
  expect(told).toMatchObject({ local: "host", protocol: "udp" });
  expect(told?.remoteAddress).toBeDefined();
  const asked = [a.channel.selectedPair(), b.channel.selectedPair()];
  a.channel.close();
  b.channel.close();
  await Promise.all(asked);
  await vi.waitUntil(() => a.closed.length === 1 && b.closed.length === 1, wait);
});

describeLink("direct over simple-peer and wrtc", async (): Promise<LinkPair> => {
  const world = new LinkWorld(systemClock);
  const a = await world.add(1, connector);
  const b = await world.add(2, connector);
  a.links.setWanted([b.peer]);
  await vi.waitUntil(() => a.opened.length === 1 && b.opened.length === 1, wait);
  const link = a.links.direct(b.peer.deviceId);
  const back = b.links.direct(a.peer.deviceId);
  if (link === undefined || back === undefined) throw new Error("not open");
  return {
    a: sideOf(a, link),
    b: sideOf(b, back),
    until: async (condition) => {
      await vi.waitUntil(condition, wait);
    },
    dispose: () => world.dispose(),
  };
});

import { beforeEach, describe, expect, test } from "vitest";
import * as v from "valibot";
import {
  DeviceId,
  encodeId,
  LinkId,
  ProtocolError,
  type UserId,
  type IncomingSignal,
  type Signal,
} from "../../protocol/index.ts";
import { encodeBase64, type IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import {
  LAN_GONE_MS,
  LAN_TEXTS,
  MAX_HEARD_DEVICES,
  MAX_LAN_QUEUE,
  MAX_LAN_TEXT_BYTES,
} from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import { CombinedSignalling, type Signalling } from "../links/signalling.ts";
import { testIdentity } from "../testing/device-logs.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { FakeLan } from "../testing/fake-lan.ts";
import { MemoryLog, seededRandom } from "../testing/test-ports.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import { LanSignalling } from "./lan-signalling.ts";
import { Nearby } from "./nearby.ts";

const linkId = v.parse(LinkId, encodeId(new Uint8Array(16).fill(9)));
const request: Signal = { type: "request" };

/** One engine's view of the network; its roster is what the test says. */
class Node {
  readonly keys: IdentityKeys;
  readonly peer: LinkPeer;
  readonly nearby: Nearby;
  readonly signalling: LanSignalling;
  readonly signals: IncomingSignal[] = [];
  readonly reachable: (DeviceId | undefined)[] = [];
  readonly buddies = new Map<DeviceId, { readonly userId: UserId; readonly keys: IdentityKeys }>();
  isPresent = true;

  constructor(n: number, lan: FakeLan, clock: FakeClock) {
    this.keys = testIdentity(n, 1);
    this.peer = { userId: userIdOf(n), deviceId: deviceIdOfKey(this.keys.publicKey) };
    this.nearby = new Nearby({
      ports: { clock, random: seededRandom(n), log: new MemoryLog(), lan },
      identity: this.keys,
      self: () => (this.isPresent ? this.peer.deviceId : undefined),
      peers: {
        permits: (userId, device) => this.buddies.get(device)?.userId === userId,
        publicKeyOf: ({ deviceId }) => this.buddies.get(deviceId)?.keys.publicKey,
      },
      ownerOf: (device) => this.buddies.get(device)?.userId,
    });
    this.signalling = new LanSignalling(this.nearby);
    this.signalling.onSignal((signal) => this.signals.push(signal));
    this.signalling.onReachable((device) => this.reachable.push(device));
  }

  knows(...others: readonly Node[]): void {
    for (const { keys, peer } of others) {
      this.buddies.set(peer.deviceId, { userId: peer.userId, keys });
    }
    this.nearby.look();
  }

  send(to: Node, signal: Signal = request): Promise<void> {
    return this.signalling.send(to.peer, linkId, signal);
  }
}

let lan: FakeLan;
let clock: FakeClock;
let ada: Node;
let ben: Node;
let eve: Node;

beforeEach(async () => {
  lan = new FakeLan();
  clock = new FakeClock();
  ada = new Node(1, lan, clock);
  ben = new Node(2, lan, clock);
  eve = new Node(3, lan, clock);
  ada.knows(ben);
  ben.knows(ada);
  eve.knows(ada, ben);
  await flushMicrotasks();
});

describe("LAN1 being there", () => {
  test("while the account is to be seen, and no longer", async () => {
    expect(lan.members).toContain(ada.peer.deviceId);
    ada.isPresent = false;
    ada.nearby.look();
    expect(lan.members).not.toContain(ada.peer.deviceId);
    expect(ada.nearby.peers()).toEqual([]);
    await clock.advance(LAN_GONE_MS);
    expect(ben.nearby.has(ada.peer.deviceId)).toBe(false);
    expect(ada.nearby.state).toBe("none");
    ada.isPresent = true;
    ada.nearby.look();
    await flushMicrotasks();
    expect([ada.nearby.state, ben.nearby.has(ada.peer.deviceId)]).toEqual(["working", true]);
    ada.nearby.close();
    ada.nearby.look();
    expect(lan.members).not.toContain(ada.peer.deviceId);
  });
});

describe("LAN2 who counts", () => {
  test("those who are known, and a stranger as soon as the roster has them", () => {
    expect(ada.nearby.peers()).toEqual([ben.peer]);
    expect(ada.reachable).toEqual([ben.peer.deviceId]);
    ada.knows(eve);
    expect(ada.nearby.peers()).toEqual([ben.peer, eve.peer]);
  });

  test("a removed device is heard no more, and told nothing", async () => {
    ada.buddies.delete(ben.peer.deviceId);
    ada.nearby.look();
    expect(ada.nearby.peers()).toEqual([]);
    await ben.send(ada);
    expect(ada.signals).toEqual([]);
    await expect(ada.send(ben)).rejects.toThrow(ChatKitError);
    expect(lan.texts.filter(({ from }) => from === ada.peer.deviceId)).toEqual([]);
  });

  test("LAN8 goodbyes that others say for somebody come to nothing", async () => {
    for (let n = 0; n < 50; n++) {
      lan.withdraw(ben.peer.deviceId);
      await clock.advance(LAN_GONE_MS - 1);
      lan.announce(ben.peer.deviceId);
    }
    expect(ada.reachable).toEqual([ben.peer.deviceId]);
    lan.withdraw(ben.peer.deviceId);
    lan.withdraw(ben.peer.deviceId);
    await clock.advance(LAN_GONE_MS);
    expect(ada.nearby.peers()).toEqual([]);
    ada.nearby.close();
    ben.nearby.close();
    eve.nearby.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test("crowds of strangers do not keep a known device out", async () => {
    lan.withdraw(ben.peer.deviceId);
    await clock.advance(LAN_GONE_MS);
    for (let n = 0; n < MAX_HEARD_DEVICES + 10; n++) {
      const id = new Uint8Array(16).fill(7);
      new DataView(id.buffer).setUint32(0, n);
      lan.announce(v.parse(DeviceId, encodeId(id)));
    }
    expect(ada.nearby.peers()).toEqual([]);
    lan.announce(ben.peer.deviceId);
    expect(ada.nearby.peers()).toEqual([ben.peer]);
  });
});

describe("LAN3 what counts", () => {
  test("a signal that the device sealed for this one, from whom it says", async () => {
    await ben.send(ada);
    expect(ada.signals).toEqual([{ from: ben.peer, linkId, signal: request }]);
  });

  test("nothing of a stranger, whoever they say to be", async () => {
    await eve.send(ada);
    const text = lan.texts[0]?.text ?? "";
    lan.deliver(ada.peer.deviceId, text.replace(eve.peer.deviceId, ben.peer.deviceId));
    expect(lan.texts).toHaveLength(1);
    expect(ada.signals).toEqual([]);
  });

  test("nothing that is played again, thrown back, changed, or for another", async () => {
    await ben.send(ada);
    const text = lan.texts[0]?.text ?? "";
    ada.signals.length = 0;
    lan.deliver(ada.peer.deviceId, text);
    const back = text
      .replace(ben.peer.deviceId, "-")
      .replace(ada.peer.deviceId, ben.peer.deviceId)
      .replace("-", ada.peer.deviceId);
    lan.deliver(ben.peer.deviceId, back);
    const parsed = v.parse(v.object({ sealed: v.string() }), JSON.parse(text));
    const { sealed } = parsed;
    const flipped = sealed.replace(/.(?=.{8}$)/, (one) => (one === "A" ? "B" : "A"));
    lan.deliver(ada.peer.deviceId, text.replace(sealed, flipped));
    ada.knows(eve);
    lan.deliver(eve.peer.deviceId, text);
    lan.deliver(eve.peer.deviceId, text.replace(ada.peer.deviceId, eve.peer.deviceId));
    expect([ada.signals, ben.signals, eve.signals]).toEqual([[], [], []]);
  });

  test.for(["", "null", "{", `{"v":1}`, `{"v":2,"from":"x"}`, "x".repeat(MAX_LAN_TEXT_BYTES + 1)])(
    "%# no text at all ends nothing",
    async (text) => {
      lan.deliver(ada.peer.deviceId, text);
      lan.deliver(
        ada.peer.deviceId,
        JSON.stringify({
          v: 1,
          from: ben.peer.deviceId,
          to: ada.peer.deviceId,
          sealed: encodeBase64(new TextEncoder().encode(text.slice(0, 99))),
        }),
      );
      expect(ada.signals).toEqual([]);
      await ben.send(ada);
      expect(ada.signals).toHaveLength(1);
    },
  );

  test("after a restart the device is heard again", async () => {
    await ben.send(ada);
    ben.nearby.close();
    const again = new Node(2, lan, clock);
    const before = lan.texts.length;
    // Another run draws other bytes.
    const random = seededRandom(77);
    const nearby = new Nearby({
      ports: { clock, random, log: new MemoryLog(), lan },
      identity: again.keys,
      self: () => again.peer.deviceId,
      peers: {
        permits: () => true,
        publicKeyOf: () => ada.keys.publicKey,
      },
      ownerOf: () => ada.peer.userId,
    });
    nearby.look();
    await flushMicrotasks();
    await nearby.send(ada.peer.deviceId, linkId, request);
    expect(lan.texts).toHaveLength(before + 1);
    expect(ada.signals).toHaveLength(2);
  });
});

describe("LAN6 bounds", () => {
  test("a known device is heard at its rate", async () => {
    for (let n = 0; n < LAN_TEXTS.burst + 20; n++) await ben.send(ada);
    expect(ada.signals).toHaveLength(LAN_TEXTS.burst);
    await clock.advance(1 / LAN_TEXTS.perMs);
    await ben.send(ada);
    expect(ada.signals).toHaveLength(LAN_TEXTS.burst + 1);
  });

  test("LAN4 texts to one device go in their order, and only so many wait", async () => {
    const slow = Promise.withResolvers<void>();
    lan.hold = slow.promise;
    const sending = Array.from({ length: MAX_LAN_QUEUE }, (_, n) =>
      ben.send(ada, { type: "candidate", candidate: "", sdpMid: `${n}`, sdpMLineIndex: 0 }),
    );
    await expect(ben.send(ada)).rejects.toMatchObject({ reason: "server-unreachable" });
    await flushMicrotasks();
    slow.resolve();
    await Promise.all(sending);
    expect(ada.signals.map(({ signal }) => "sdpMid" in signal && signal.sdpMid)).toEqual(
      sending.map((_, n) => `${n}`),
    );
    await ben.send(ada);
  });
});

describe("LAN4 server and network", () => {
  class FakeServer implements Signalling {
    isOnline = true;
    readonly sent: DeviceId[] = [];
    readonly online = new Set<DeviceId>();
    told: (device: DeviceId | undefined) => void = () => undefined;

    reaches(): boolean {
      return this.isOnline;
    }
    async send({ deviceId }: LinkPeer): Promise<void> {
      await Promise.resolve();
      if (!this.online.has(deviceId)) throw new ProtocolError("peer-offline", "not here");
      this.sent.push(deviceId);
    }
    onSignal(): () => void {
      return () => undefined;
    }
    onReachable(handler: (device: DeviceId | undefined) => void): () => void {
      this.told = handler;
      return () => undefined;
    }
  }

  test("by the server to whom it reaches, else by the network", async () => {
    const server = new FakeServer();
    const signalling = new CombinedSignalling(server, ada.signalling);
    server.online.add(ben.peer.deviceId);
    await signalling.send(ben.peer, linkId, request);
    expect([server.sent.length, ben.signals.length]).toEqual([1, 0]);
    server.online.clear();
    await signalling.send(ben.peer, linkId, request);
    expect([server.sent.length, ben.signals.length]).toEqual([1, 1]);
    server.isOnline = false;
    expect(signalling.reaches(ben.peer.deviceId)).toBe(true);
    expect(signalling.reaches(eve.peer.deviceId)).toBe(false);
    await signalling.send(ben.peer, linkId, request);
    expect([server.sent.length, ben.signals.length]).toEqual([1, 2]);
    server.isOnline = true;
    await expect(signalling.send(eve.peer, linkId, request)).rejects.toThrow(ProtocolError);
  });

  test("who comes near disturbs nothing that the server carries", async () => {
    const server = new FakeServer();
    const signalling = new CombinedSignalling(server, ada.signalling);
    const reachable: (DeviceId | undefined)[] = [];
    signalling.onReachable((device) => reachable.push(device));
    lan.withdraw(ben.peer.deviceId);
    await clock.advance(LAN_GONE_MS);
    lan.announce(ben.peer.deviceId);
    expect(reachable).toEqual([]);
    server.isOnline = false;
    lan.withdraw(ben.peer.deviceId);
    await clock.advance(LAN_GONE_MS);
    lan.announce(ben.peer.deviceId);
    server.told(undefined);
    expect(reachable).toEqual([ben.peer.deviceId, undefined]);
  });
});

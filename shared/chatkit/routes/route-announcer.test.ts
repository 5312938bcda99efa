import { afterEach, beforeEach, expect, test } from "vitest";
import {
  ProtocolError,
  type DeviceId,
  type IncomingSignal,
  type RoutePolicy,
  type Signal,
} from "../../protocol/index.ts";
import { ROUTE_REMINDER_MS, ROUTE_RETRY_MAX_MS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Signalling } from "../links/signalling.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { linkKeysOf } from "../testing/link-world.ts";
import { MemoryLog, seededRandom } from "../testing/test-ports.ts";
import { deviceIdOf, linkIdOf, userIdOf } from "../testing/test-ids.ts";
import { idBytes } from "../trust/device-id.ts";
import { RouteAnnouncer } from "./route-announcer.ts";
import { RouteBook } from "./route-book.ts";
import { routeSignal } from "./route-signal.ts";

const ada = userIdOf(1);
const ben = userIdOf(2);

let clock: FakeClock;
let devices: Device[];

beforeEach(() => {
  clock = new FakeClock();
  devices = [];
});

afterEach(() => {
  for (const { announcer } of devices) announcer.close();
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the announcers");
});

/** A device whose signals go straight to the others. */
class Device implements Signalling {
  readonly peer: LinkPeer;
  readonly book: RouteBook;
  readonly announcer: RouteAnnouncer;
  readonly forged: LinkPeer[] = [];
  /** Everything that was sent, also what failed. */
  readonly sent: { readonly to: DeviceId; readonly signal: Signal }[] = [];
  online = true;
  permits = true;
  refusal: Error | undefined;
  #onSignal: (incoming: IncomingSignal) => void = () => {};
  #onReachable: (device: DeviceId | undefined) => void = () => {};

  constructor(user: number, device: number) {
    this.peer = { userId: userIdOf(user), deviceId: deviceIdOf(device) };
    const permits = (): boolean => this.permits;
    this.book = new RouteBook({
      clock,
      self: () => this.peer.userId,
      isBuddy: () => true,
      hidesAddresses: () => false,
      permits,
      commit: () => Promise.resolve(),
      save: () => {},
      onChanged: (userId, own) => {
        if (own) this.announcer.changed(userId);
      },
    });
    this.announcer = new RouteAnnouncer({
      book: this.book,
      identity: linkKeysOf(device),
      signalling: this,
      peers: {
        permits,
        publicKeyOf: ({ deviceId }) => linkKeysOf(idBytes(deviceId)[0] ?? 0).publicKey,
      },
      self: () => this.peer,
      clock,
      random: seededRandom(device),
      log: new MemoryLog(),
      onForged: (from) => this.forged.push(from),
    });
    devices.push(this);
  }

  reaches(): boolean {
    return this.online;
  }

  async send({ deviceId }: LinkPeer, linkId: IncomingSignal["linkId"], signal: Signal) {
    this.sent.push({ to: deviceId, signal });
    await Promise.resolve();
    if (this.refusal !== undefined) throw this.refusal;
    devices
      .find(({ peer }) => peer.deviceId === deviceId)
      ?.hear({ from: this.peer, linkId, signal });
  }

  onSignal(handler: (incoming: IncomingSignal) => void): () => void {
    this.#onSignal = handler;
    return () => {};
  }

  onReachable(handler: (device: DeviceId | undefined) => void): () => void {
    this.#onReachable = handler;
    return () => {};
  }

  hear(incoming: IncomingSignal): void {
    this.#onSignal(incoming);
  }

  come(): void {
    this.online = true;
    this.#onReachable(undefined);
  }

  told(): string[] {
    return this.sent.map(({ to, signal }) =>
      signal.type === "route"
        ? `${idBytes(to)[0]} ${signal.policy}${signal.about === undefined ? "" : ` of ${idBytes(signal.about)[0]}`}`
        : signal.type,
    );
  }
}

/** All see all others. */
async function meet(...present: readonly Device[]): Promise<void> {
  for (const { announcer, peer } of present) {
    announcer.present(present.map((one) => one.peer).filter((one) => one !== peer));
  }
  await clock.advance(0);
}

test("R7: what is told before it is known whose device speaks counts as soon as it is", async () => {
  const [a, b] = [new Device(1, 1), new Device(2, 2)];
  b.permits = false;
  a.announcer.present([b.peer]);
  await a.book.choose(ben, "direct-only");
  await clock.advance(0);
  b.announcer.present([]);
  expect(b.book.of(ada).theirs).toBe("automatic");
  b.permits = true;
  b.announcer.present([a.peer]);
  expect(b.book.of(ada).theirs).toBe("direct-only");
});

test("R7: it is told to who is there, to who comes later, and once more after a change", async () => {
  const [a, b] = [new Device(1, 1), new Device(2, 2)];
  await meet(a, b);
  expect(a.sent).toEqual([]);
  await a.book.choose(ben, "lan-only");
  await clock.advance(0);
  expect(b.book.of(ada)).toEqual({ userId: ada, own: "automatic", theirs: "lan-only" });
  const phone = new Device(2, 3);
  await meet(a, b, phone);
  expect(phone.book.of(ada).theirs).toBe("lan-only");
  expect(b.book.rule(a.peer)).toMatchObject({ direct: true, lanOnly: true, why: "peer-policy" });
  expect(a.told()).toEqual(["2 lan-only", "3 lan-only"]);
  // Taken back: also that must be heard by who was away.
  await meet(a, b);
  await a.book.choose(ben, "automatic");
  await meet(a, b, phone);
  expect([b, phone].map(({ book }) => book.of(ada).theirs)).toEqual(["automatic", "automatic"]);
  expect(b.sent).toEqual([]);
});

test("R2: one's own devices learn whom it is about, and tell the same to the person", async () => {
  const [laptop, tablet, b] = [new Device(1, 1), new Device(1, 2), new Device(2, 3)];
  await meet(laptop, tablet, b);
  await laptop.book.choose(ben, "direct-only");
  await clock.advance(0);
  expect(tablet.book.of(ben).own).toBe("direct-only");
  expect(tablet.book.own(ben)).toEqual({ ...laptop.book.own(ben), here: false });
  expect(tablet.told()).toContain("3 direct-only");
  expect(b.book.rule(tablet.peer).why).toBe("peer-policy");
  // One that comes when the other is gone hears it from whoever is there.
  const third = new Device(1, 4);
  await meet(tablet, third);
  expect(third.book.of(ben).own).toBe("direct-only");
});

test("R7: of devices that chose apart the later choice counts in the end, at all of them", async () => {
  const [laptop, tablet, b] = [new Device(1, 1), new Device(1, 2), new Device(2, 3)];
  await laptop.book.choose(ben, "relay-only");
  await clock.advance(1_000);
  await tablet.book.choose(ben, "lan-only");
  await meet(laptop, tablet, b);
  await clock.advance(0);
  expect([laptop, tablet].map(({ book }) => book.of(ben).own)).toEqual(["lan-only", "lan-only"]);
  expect([laptop, tablet].map(({ peer }) => b.book.rule(peer).lanOnly)).toEqual([true, true]);
});

test("R2: what does not come from the device, or is not for this one, is not heard", async () => {
  const [a, b] = [new Device(1, 1), new Device(2, 2)];
  const say = (policy: RoutePolicy, { signer = 1, to = b.peer.deviceId } = {}): void => {
    const ends = { from: a.peer.deviceId, to };
    const signal = routeSignal(linkKeysOf(signer), ends, { policy, at: 5 });
    b.hear({ from: a.peer, linkId: linkIdOf(1), signal });
  };
  const unheard = (): void => expect(b.book.of(ada).theirs).toBe("automatic");
  say("lan-only", { signer: 3 });
  expect(b.forged).toEqual([a.peer]);
  say("lan-only", { to: deviceIdOf(3) });
  unheard();
  b.permits = false;
  say("lan-only");
  b.permits = true;
  unheard();
  expect(b.forged).toHaveLength(2);
  say("lan-only");
  expect(b.book.of(ada).theirs).toBe("lan-only");
});

test("R2: only one's own devices speak of a third person, and never of oneself", async () => {
  const b = new Device(2, 2);
  const hear = (user: number, device: number, about: number | undefined): void => {
    const from = { userId: userIdOf(user), deviceId: deviceIdOf(device) };
    const ends = { from: from.deviceId, to: b.peer.deviceId };
    const whom = about === undefined ? undefined : userIdOf(about);
    const signal = routeSignal(linkKeysOf(device), ends, { policy: "lan-only", at: 5 }, whom);
    b.hear({ from, linkId: linkIdOf(1), signal });
  };
  hear(1, 1, 3);
  hear(2, 4, undefined);
  hear(2, 4, 2);
  hear(2, 2, 3);
  expect(b.book.people()).toEqual([]);
  expect(b.book.rule({ userId: ada, deviceId: deviceIdOf(1) }).why).toBeUndefined();
  hear(2, 4, 3);
  expect(b.book.people()).toEqual([userIdOf(3)]);
});

test("R7: who seems not to know is reminded, now and then", async () => {
  const [a, b] = [new Device(1, 1), new Device(2, 2)];
  await a.book.choose(ben, "relay-only");
  for (let n = 0; n < 50; n += 1) a.announcer.remind(b.peer);
  await clock.advance(0);
  expect(a.told()).toEqual(["2 relay-only"]);
  expect(b.book.of(ada).theirs).toBe("relay-only");
  await clock.advance(ROUTE_REMINDER_MS);
  a.announcer.remind(b.peer);
  await clock.advance(0);
  expect(a.sent).toHaveLength(2);
  b.announcer.remind(a.peer);
  expect(b.sent).toEqual([]);
});

test("R7: what could not be told is told again, more and more seldom, until they leave", async () => {
  const [a, b, c] = [new Device(1, 1), new Device(2, 2), new Device(3, 3)];
  await meet(a, b, c);
  a.refusal = new ProtocolError("peer-offline", "test");
  await a.book.choose(ben, "lan-only");
  await clock.advance(10 * 60_000);
  expect(a.sent.length).toBeGreaterThan(5);
  expect(a.sent.length).toBeLessThan(40);
  a.refusal = undefined;
  await clock.advance(2 * ROUTE_RETRY_MAX_MS + 1_000);
  expect(b.book.of(ada).theirs).toBe("lan-only");
  const count = a.sent.length;
  await clock.advance(10 * 60_000);
  expect(a.sent).toHaveLength(count);

  a.refusal = new ProtocolError("peer-offline", "test");
  await a.book.choose(ben, "direct-only");
  await clock.advance(0);
  await meet(a, c);
  expect(clock.pendingTimers).toBeLessThanOrEqual(1);
  const left = a.sent.length;
  await clock.advance(10 * 60_000);
  expect(a.sent).toHaveLength(left);
});

test("a server that asks for patience gets it; one that does not know the word is left alone", async () => {
  const [a, b, c] = [new Device(1, 1), new Device(2, 2), new Device(2, 3)];
  await meet(a, b, c);
  a.refusal = new ProtocolError("rate-limited", "test", { retryAfterMs: 30_000 });
  await a.book.choose(ben, "lan-only");
  await clock.advance(29_000);
  expect(a.sent).toHaveLength(1);
  a.refusal = undefined;
  await clock.advance(2_000);
  expect([b, c].map(({ book }) => book.of(ada).theirs)).toEqual(["lan-only", "lan-only"]);
  a.refusal = new ProtocolError("invalid-params", "test");
  await a.book.choose(ben, "automatic");
  await clock.advance(10 * 60_000);
  expect(a.sent).toHaveLength(5);
});

test("R7: it is told when a way comes, and all is told anew when the server is back", async () => {
  const [a, b] = [new Device(1, 1), new Device(2, 2)];
  await meet(a, b);
  a.online = false;
  await a.book.choose(ben, "lan-only");
  await clock.advance(60_000);
  expect(a.sent).toEqual([]);
  a.come();
  await clock.advance(0);
  expect(b.book.of(ada).theirs).toBe("lan-only");
  a.come();
  await clock.advance(0);
  expect(a.told()).toEqual(["2 lan-only", "2 lan-only"]);
});

import {
  ProtocolError,
  type DeviceId,
  type RoutePolicy,
  type UserId,
} from "../../protocol/index.ts";
import { identityKeysOf } from "../../crypto/index.ts";
import type { Directory } from "../delivery/directory.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { Sealing } from "../sealing/sealing.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeGroupWorld } from "./fake-group-directory.ts";
import { FakeGroups, FakeSealing } from "./fake-sealing.ts";
import { SimulatedDevice, type SealingParts } from "./simulated-device.ts";
import { SimulatedLink } from "./simulated-link.ts";
import { SimulatedServer, unreachable } from "./simulated-server.ts";
import { seededRandom } from "./test-ports.ts";
import { deviceIdOf, userIdOf } from "./test-ids.ts";

/** How the network treats what is sent, each in percent of the frames or requests. */
export interface Weather {
  readonly lossPercent: number;
  readonly doublingPercent: number;
  /** Frames that take so long that later ones overtake them. */
  readonly delayPercent: number;
}

const fair: Weather = { lossPercent: 0, doublingPercent: 0, delayPercent: 0 };

interface Pair {
  readonly ends: readonly [SimulatedLink, SimulatedLink];
}

/**
 * Devices of people who are all buddies, a server with mailboxes, and links between all of them,
 * in one process, by a fake clock. Everything random follows from the seed.
 */
export class SimulatedNetwork {
  readonly clock = new FakeClock();
  readonly server = new SimulatedServer();
  readonly groups = new FakeGroups();
  readonly groupWorld = new FakeGroupWorld();
  /** Two user ids each: they are no buddies. */
  readonly strangers = new Set<string>();
  /** Two user ids each: the first has blocked the other. */
  readonly blocked = new Set<string>();
  readonly devices: readonly SimulatedDevice[];
  weather = fair;
  serverUp = true;
  /** Route policies by two user ids, whose it is and towards whom; everybody knows all of them. */
  readonly policies = new Map<string, RoutePolicy>();
  /** Devices that nobody's roster has yet. */
  readonly unknown = new Set<DeviceId>();
  /** Makes a device's sealing at its start. */
  readonly sealing: (parts: SealingParts) => Promise<Sealing>;
  readonly #random;
  readonly #links = new Map<string, Pair>();
  /** Links that swallow everything without closing. */
  readonly #swallowing = new Set<SimulatedLink>();

  /**
   * @param owners for each device the number of its user
   * @param sealing real groups in place of the fake ones; then devices have the ids of their keys
   */
  constructor(
    owners: readonly number[],
    seed = 1,
    sealing?: (parts: SealingParts, network: SimulatedNetwork) => Promise<Sealing>,
  ) {
    this.#random = seededRandom(seed * 2 + 1);
    this.sealing = (parts) =>
      sealing?.(parts, this) ??
      Promise.resolve(new FakeSealing(this.groups, parts.self.deviceId, parts.store));
    this.devices = owners.map((owner, n) => {
      const identity = identityKeysOf(seededRandom(n + 1000).bytes(32));
      const deviceId =
        sealing === undefined ? deviceIdOf(n + 1) : deviceIdOfKey(identity.publicKey);
      const self = { userId: userIdOf(owner), deviceId };
      return new SimulatedDevice(this, self, identity, seededRandom(seed * 100 + n + 7));
    });
  }

  device(index: number): SimulatedDevice {
    const device = this.devices[index];
    if (device === undefined) throw new RangeError(`there is no device ${index}`);
    return device;
  }

  /** Starts all devices and connects them to the server. */
  async start(): Promise<void> {
    for (const device of this.devices) await device.start();
    for (const device of this.devices) this.connect(device);
    await this.clock.advance(0);
  }

  find(deviceId: DeviceId): SimulatedDevice | undefined {
    return this.devices.find((device) => device.self.deviceId === deviceId);
  }

  directoryOf(self: LinkPeer): Directory {
    const peersOf = (userId: UserId): LinkPeer[] =>
      this.devices.map((one) => one.self).filter((peer) => peer.userId === userId);
    return {
      self,
      device: (deviceId) => {
        const device = this.unknown.has(deviceId) ? undefined : this.find(deviceId);
        return device && { userId: device.self.userId, publicKey: device.identity.publicKey };
      },
      devicesOf: (userId) => (this.#areStrangers(self.userId, userId) ? [] : peersOf(userId)),
      memberDevices: peersOf,
      people: () => [...new Set(this.devices.map((device) => device.self.userId))],
      ownOthers: () => peersOf(self.userId).filter(({ deviceId }) => deviceId !== self.deviceId),
      isOnline: (deviceId) => {
        const owner = this.find(deviceId)?.self.userId;
        const isSeen = owner !== undefined && !this.#areStrangers(self.userId, owner);
        return isSeen && this.server.connections.has(deviceId);
      },
      isBuddy: (userId) => userId !== self.userId && !this.#areStrangers(self.userId, userId),
      isBlocked: (userId) => this.blocked.has(`${self.userId} ${userId}`),
    };
  }

  connect(device: SimulatedDevice): void {
    if (!this.serverUp || !device.isRunning) return;
    this.server.connections.set(device.self.deviceId, device.connection);
    device.connection.setOnline(true);
    device.delivery.sessionBegan();
    this.#directoryChanged();
  }

  disconnect(device: SimulatedDevice): void {
    if (!this.server.connections.delete(device.self.deviceId)) return;
    this.closeLinks(device, "relay");
    device.connection.setOnline(false);
    this.#directoryChanged();
  }

  setServer(isUp: boolean): void {
    this.serverUp = isUp;
    for (const device of this.devices) {
      if (isUp) this.connect(device);
      else this.disconnect(device);
    }
  }

  #areStrangers(a: UserId, b: UserId): boolean {
    return this.strangers.has(`${a} ${b}`) || this.strangers.has(`${b} ${a}`);
  }

  /** Who is in which group is another now, and everybody has heard of it. */
  groupChanged(): void {
    for (const device of this.devices) if (device.isRunning) device.delivery.groupChanged();
  }

  #directoryChanged(): void {
    for (const device of this.devices) if (device.isRunning) device.delivery.directoryChanged();
  }

  /** That user's policy towards the other is told everywhere, and the links follow it. */
  setPolicy(from: UserId, to: UserId, policy: RoutePolicy): void {
    this.policies.set(`${from} ${to}`, policy);
    for (const device of this.devices.filter(({ isRunning }) => isRunning)) {
      const { userId } = device.self;
      if (userId !== from && userId !== to) continue;
      for (const other of this.devices) {
        const rule = device.links.rule(other.self);
        if (!rule.direct) this.#close(nameOf("direct", device, other));
        if (!rule.relay) this.#close(nameOf("relay", device, other));
      }
      device.delivery.routesChanged(userId === from ? to : from);
    }
  }

  /** Opens a direct link, in place of one that may be there. */
  openDirect(a: SimulatedDevice, b: SimulatedDevice): void {
    if (a === b || !a.isRunning || !b.isRunning) return;
    this.#close(nameOf("direct", a, b));
    const [atA, atB] = this.#pair("direct", a, b);
    a.links.opened(atA);
    b.links.opened(atB);
  }

  closeDirect(a: SimulatedDevice, b: SimulatedDevice): void {
    this.#close(nameOf("direct", a, b));
  }

  /** The links between the two swallow everything from now on, and nobody is told. */
  swallow(a: SimulatedDevice, b: SimulatedDevice): void {
    for (const kind of ["direct", "relay"] as const) {
      for (const end of this.#links.get(nameOf(kind, a, b))?.ends ?? []) this.#swallowing.add(end);
    }
  }

  /** Is there somebody at the other end of the link? */
  answers(link: Link): boolean {
    const ends = [...this.#links.values()].flatMap((pair) => pair.ends);
    return ends.some((end) => end === link && !this.#swallowing.has(end));
  }

  /** As `LinkService.relay`. */
  relay(from: SimulatedDevice, peer: LinkPeer): SimulatedLink {
    const to = this.find(peer.deviceId);
    const { connections } = this.server;
    if (!connections.has(from.self.deviceId)) throw unreachable();
    if (to === undefined || !connections.has(peer.deviceId)) {
      throw new ProtocolError("peer-offline", "simulated");
    }
    const known = this.#links.get(nameOf("relay", from, to));
    const [end, other] = known?.ends ?? this.#pair("relay", from, to);
    return end.peer.deviceId === peer.deviceId ? end : other;
  }

  closeLinks(device: SimulatedDevice, kind: "direct" | "relay"): void {
    for (const other of this.devices) this.#close(nameOf(kind, device, other));
  }

  #pair(kind: "direct" | "relay", a: SimulatedDevice, b: SimulatedDevice): Pair["ends"] {
    const name = nameOf(kind, a, b);
    const close = (): void => this.#close(name);
    const end = (to: SimulatedDevice): SimulatedLink =>
      new SimulatedLink(kind, to.self, (frame) => this.#send(name, to, frame), close);
    const ends = [end(b), end(a)] as const;
    this.#links.set(name, { ends });
    return ends;
  }

  #close(name: string): void {
    const pair = this.#links.get(name);
    if (pair === undefined) return;
    this.#links.delete(name);
    for (const end of pair.ends) end.isOpen = false;
    for (const [index, end] of pair.ends.entries()) {
      const holder = this.find(pair.ends[1 - index]?.peer.deviceId ?? end.peer.deviceId);
      if (holder?.isRunning === true) holder.links.closed(end);
    }
  }

  #send(name: string, to: SimulatedDevice, frame: Uint8Array): void {
    // The receiver's own end: the one whose peer is the sender.
    const end = this.#links.get(name)?.ends.find(({ peer }) => peer.deviceId !== to.self.deviceId);
    if (end === undefined || this.#swallowing.has(end)) return;
    const copies = this.#chance(this.weather.doublingPercent) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#chance(this.weather.lossPercent)) continue;
      const delay = this.#chance(this.weather.delayPercent) ? this.#below(900) : 5;
      const bytes = Uint8Array.from(frame);
      this.clock.setTimer(() => {
        if (to.isRunning && end.isOpen) to.links.frame(end, bytes);
      }, delay);
    }
  }

  /** Takes a request to the server and its answer back, if the weather permits. */
  carry<T>(device: SimulatedDevice, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.clock.setTimer(() => {
        const isLost = this.#chance(this.weather.lossPercent);
        if (!this.server.connections.has(device.self.deviceId) || isLost) {
          reject(unreachable());
          return;
        }
        let result: T;
        try {
          result = run();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (this.#chance(this.weather.lossPercent)) reject(unreachable());
        else this.clock.setTimer(() => resolve(result), 5);
      }, 5);
    });
  }

  /** Good weather, everybody there, everything connected: until all outboxes are empty. */
  async settle(): Promise<void> {
    this.weather = fair;
    this.server.quota = Infinity;
    for (const device of this.devices) {
      if (!device.isRunning) await device.start();
      device.failures = 0;
    }
    this.setServer(true);
    for (let round = 0; round < 40; round++) {
      await this.clock.advance(60_000);
      if (this.devices.every((device) => device.delivery.pending === 0)) break;
    }
    // What was received last is told, and its receipts have gone.
    await this.clock.advance(10_000);
  }

  #chance(percent: number): boolean {
    return percent > 0 && this.#below(100) < percent;
  }

  #below(limit: number): number {
    const [a = 0, b = 0] = this.#random.bytes(2);
    return ((a << 8) | b) % limit;
  }
}

function nameOf(kind: string, a: SimulatedDevice, b: SimulatedDevice): string {
  const [first, second] = [a.self.deviceId, b.self.deviceId].toSorted();
  return `${kind} ${first} ${second}`;
}

import * as v from "valibot";
import {
  encodeId,
  ID_BYTES,
  LinkId,
  ProtocolError,
  type DeviceId,
  type IncomingSignal,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { backOffMs } from "../connection/back-off.ts";
import {
  MAX_EARLY_ROUTES,
  MAX_ROUTES_TOLD,
  ROUTE_REMINDER_MS,
  ROUTE_RETRY_MAX_MS,
  ROUTE_RETRY_MIN_MS,
} from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { LinkPeers } from "../links/link-service.ts";
import type { Signalling } from "../links/signalling.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import type { RouteBook } from "./route-book.ts";
import { isGenuineRoute, routeSignal } from "./route-signal.ts";

export interface RouteAnnouncerOptions {
  readonly book: Pick<RouteBook, "own" | "people" | "learn" | "learnOwn">;
  readonly identity: IdentityKeys;
  readonly signalling: Signalling;
  readonly peers: LinkPeers;
  /** This device, once it is known. */
  readonly self: () => LinkPeer | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A policy that says it is that device's and is not. */
  readonly onForged: (peer: LinkPeer) => void;
}

/** To be told: this account's policy towards the device's person, or towards `about`. */
interface Item {
  readonly to: LinkPeer;
  readonly about: UserId | undefined;
}

/**
 * Tells devices that come, and all when something changes, what this account's route policies are,
 * and takes in what they tell (SPEC R2, R7). One signal at a time; at most one waits for each device,
 * or for each person that one of one's own devices is told about.
 */
export class RouteAnnouncer {
  readonly #options: RouteAnnouncerOptions;
  readonly #queue = new Map<string, Item>();
  readonly #reminded = new Map<DeviceId, number>();
  /** Words of devices that are not known yet: lists are read while somebody already speaks. */
  readonly #early = new Map<string, IncomingSignal>();
  readonly #subscriptions: (() => void)[];
  #present = new Map<DeviceId, LinkPeer>();
  #running = false;
  #failures = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: RouteAnnouncerOptions) {
    this.#options = options;
    const { signalling } = options;
    this.#subscriptions = [
      signalling.onSignal((incoming) => this.#onSignal(incoming)),
      signalling.onReachable((device) => this.#onReachable(device)),
    ];
  }

  /** All devices that can be reached now, one's own others among them. */
  present(peers: readonly LinkPeer[]): void {
    const before = this.#present;
    this.#present = new Map(peers.map((peer) => [peer.deviceId, peer]));
    for (const [key, { to }] of this.#queue) {
      if (!this.#present.has(to.deviceId)) this.#queue.delete(key);
    }
    for (const peer of peers) if (!before.has(peer.deviceId)) this.#enqueue(peer);
    for (const [key, incoming] of this.#early) {
      if (!this.#present.has(incoming.from.deviceId)) continue;
      this.#early.delete(key);
      this.#onSignal(incoming);
    }
    this.#run();
  }

  /** This account's policy towards that person is another now. */
  changed(userId: UserId): void {
    const present = [...this.#present.values()];
    for (const to of present) if (to.userId === userId) this.#put({ to, about: undefined });
    for (const to of present) if (this.#isOwn(to)) this.#put({ to, about: userId });
    this.#run();
  }

  /** It seems not to know: it is told again, unless that was done a moment ago. */
  remind(peer: LinkPeer): void {
    const { deviceId } = peer;
    const now = this.#options.clock.monotonic();
    if (now - (this.#reminded.get(deviceId) ?? -Infinity) < ROUTE_REMINDER_MS) return;
    this.#reminded.delete(deviceId);
    this.#reminded.set(deviceId, now);
    for (const oldest of this.#reminded.keys()) {
      if (this.#reminded.size <= MAX_ROUTES_TOLD) break;
      this.#reminded.delete(oldest);
    }
    this.#enqueue(peer);
    this.#run();
  }

  close(): void {
    this.#closed = true;
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#retry?.cancel();
    this.#queue.clear();
    this.#early.clear();
  }

  #isOwn({ userId }: LinkPeer): boolean {
    return userId === this.#options.self()?.userId;
  }

  #onReachable(device: DeviceId | undefined): void {
    for (const peer of this.#present.values()) {
      if (device === undefined || peer.deviceId === device) this.#enqueue(peer);
    }
    this.#run();
  }

  /** All that the device is to know. Whoever was never told anything needs not hear of it. */
  #enqueue(to: LinkPeer): void {
    const { book } = this.#options;
    if (this.#isOwn(to)) for (const about of book.people()) this.#put({ to, about });
    else if (book.own(to.userId) !== undefined) this.#put({ to, about: undefined });
  }

  #put(item: Item): void {
    const key = `${item.to.deviceId} ${item.about ?? ""}`;
    // To the end: what is said while an older word is on its way is said after it.
    this.#queue.delete(key);
    this.#queue.set(key, item);
  }

  #run(): void {
    if (this.#running || this.#closed || this.#queue.size === 0) return;
    this.#running = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    let retryAfterMs: number | undefined;
    for (const [key, item] of this.#queue) {
      const { deviceId } = item.to;
      if (!this.#options.signalling.reaches(deviceId)) continue;
      const outcome = await this.#tell(item);
      if (this.#closed) return;
      if (outcome === "told") this.#failures = 0;
      // Whoever is not there any more hears it when they come back.
      if (outcome === "told" || !this.#present.has(deviceId)) {
        if (this.#queue.get(key) === item) this.#queue.delete(key);
      } else {
        retryAfterMs = Math.max(retryAfterMs ?? 0, outcome.afterMs);
        if (outcome.afterMs > 0) break;
      }
    }
    this.#running = false;
    if (retryAfterMs !== undefined) this.#runIn(retryAfterMs);
  }

  #runIn(ms: number): void {
    const { clock, random } = this.#options;
    const bounds = { min: ROUTE_RETRY_MIN_MS, max: ROUTE_RETRY_MAX_MS };
    const delay = ROUTE_RETRY_MIN_MS + backOffMs(random, this.#failures, bounds);
    this.#failures += 1;
    this.#retry = clock.setTimer(() => this.#run(), Math.max(ms, delay));
  }

  async #tell({ to, about }: Item): Promise<"told" | { readonly afterMs: number }> {
    const { book, identity, log, random, self, signalling } = this.#options;
    const from = self();
    const chosen = book.own(about ?? to.userId);
    if (from === undefined || chosen === undefined) return "told";
    const ends = { from: from.deviceId, to: to.deviceId };
    const signal = routeSignal(identity, ends, chosen, about);
    const linkId = v.parse(LinkId, encodeId(random.bytes(ID_BYTES)));
    try {
      await signalling.send(to, linkId, signal);
      return "told";
    } catch (error) {
      log.debug("route policy not told", { device: to.deviceId, error });
      if (!(error instanceof ProtocolError)) return { afterMs: 0 };
      // A server that does not know the word will not learn it.
      return error.retryable ? { afterMs: error.retryAfterMs ?? 0 } : "told";
    }
  }

  #onSignal(incoming: IncomingSignal): void {
    const { from, signal } = incoming;
    if (signal.type !== "route") return;
    const { book, log, onForged, peers, self } = this.#options;
    const own = self();
    if (own === undefined || from.deviceId === own.deviceId) return;
    const { about, policy, at } = signal;
    const isOwn = from.userId === own.userId;
    const publicKey = peers.publicKeyOf(from);
    // One's own devices tell about others, and nobody else does.
    const isPlain = isOwn === (about !== undefined) && about !== own.userId;
    if (!isPlain) {
      log.debug("route policy refused", { from: from.deviceId });
      return;
    }
    if (publicKey === undefined || !peers.permits(from.userId, from.deviceId)) {
      this.#keepEarly(`${from.deviceId} ${about ?? ""}`, incoming);
      return;
    }
    if (!isGenuineRoute(publicKey, { from: from.deviceId, to: own.deviceId }, signal)) {
      log.warn("a route policy is not the device's", { from: from.deviceId });
      return onForged(from);
    }
    if (about === undefined) book.learn(from, { policy, at });
    else book.learnOwn(about, { policy, at });
  }

  /** Nobody says it again: it counts as soon as it is known whose device that is. */
  #keepEarly(key: string, incoming: IncomingSignal): void {
    this.#early.delete(key);
    this.#early.set(key, incoming);
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= MAX_EARLY_ROUTES) break;
      this.#early.delete(oldest);
    }
  }
}

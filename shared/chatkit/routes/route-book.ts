import * as v from "valibot";
import { DeviceId, RoutePolicy, Timestamp, UserId } from "../../protocol/index.ts";
import type { Route } from "../api.ts";
import { MAX_ROUTES, MAX_ROUTES_TOLD } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Clock } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import {
  ANY_ROUTE,
  replaces,
  routeRule,
  strictest,
  type DatedPolicy,
  type RouteRule,
} from "./route-rule.ts";

const OWN = "route/";
const TOLD = "route-told/";

const SavedOwn = v.object({ policy: RoutePolicy, at: Timestamp, here: v.boolean() });
const SavedTold = v.object({ userId: UserId, policy: RoutePolicy, at: Timestamp });

/** This account's. `here`: chosen on this device. */
type OwnPolicy = v.InferOutput<typeof SavedOwn>;
type Told = v.InferOutput<typeof SavedTold>;

export interface RouteBookOptions {
  readonly clock: Clock;
  /** This account, once it is known. */
  readonly self: () => UserId | undefined;
  readonly isBuddy: (userId: UserId) => boolean;
  /** Does the server keep this account's addresses from that person (SPEC R8)? */
  readonly hidesAddresses: (userId: UserId) => boolean;
  /** Is that device in its account's list, and the account a buddy's? */
  readonly permits: (userId: UserId, deviceId: DeviceId) => boolean;
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  /** For what other devices told: losing it costs that they are heard once more. */
  readonly save: (writes: readonly StoreWrite[]) => void;
  /** What holds with that person is another now. `own`: it is this account's policy that changed. */
  readonly onChanged: (userId: UserId, own: boolean) => void;
}

/**
 * The route policies: this account's towards each person, and what the people's devices have told of
 * theirs. Whoever leaves the roster keeps both, so that no server can make a policy go.
 */
export class RouteBook {
  readonly #options: RouteBookOptions;
  readonly #own = new Map<UserId, OwnPolicy>();
  readonly #told = new Map<DeviceId, Told>();
  /** The devices in `#told`, by person. */
  readonly #tellers = new Map<UserId, Set<DeviceId>>();
  #choosing: Promise<void> = Promise.resolve();

  constructor(options: RouteBookOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [key, value] of await store.values(OWN)) {
      const saved = v.parse(SavedOwn, JSON.parse(value));
      this.#own.set(v.parse(UserId, key.slice(OWN.length)), saved);
    }
    for (const [key, value] of await store.values(TOLD)) {
      const saved = v.parse(SavedTold, JSON.parse(value));
      this.#setTold(v.parse(DeviceId, key.slice(TOLD.length)), saved);
    }
  }

  /** What this account ever chose towards that person, and since when. */
  own(userId: UserId): OwnPolicy | undefined {
    return this.#own.get(userId);
  }

  /** Everybody towards whom a policy was ever chosen. */
  people(): readonly UserId[] {
    return [...this.#own.keys()];
  }

  of(userId: UserId): Route {
    return { userId, own: this.#policy(userId), theirs: this.#theirs(userId) };
  }

  /** What holds between this device and that one. */
  rule({ userId, deviceId }: LinkPeer): RouteRule {
    if (userId === this.#options.self()) return ANY_ROUTE;
    // A device that was added just now may not have heard of it itself.
    const theirs = this.#told.get(deviceId)?.policy ?? this.#theirs(userId);
    return routeRule(this.#policy(userId), theirs);
  }

  /** Chosen here, by the user. @throws StoreError; then nothing has changed */
  choose(userId: UserId, policy: RoutePolicy): Promise<void> {
    const choosing = this.#choosing.then(() => this.#choose(userId, policy));
    // The next in turn does not care how this one ended; its caller is told.
    this.#choosing = choosing.catch(() => undefined);
    return choosing;
  }

  async #choose(userId: UserId, policy: RoutePolicy): Promise<void> {
    const known = this.#own.get(userId);
    if (this.#policy(userId) === policy) return;
    // Later than what it replaces, whatever the clocks say.
    const at = Math.max(this.#options.clock.now(), (known?.at ?? 0) + 1);
    const chosen = { policy, at: Math.min(at, Number.MAX_SAFE_INTEGER), here: true };
    await this.#options.commit([ownWrite(userId, chosen)]);
    this.#adopt(userId, chosen);
  }

  /** Another device of this account tells what was chosen there. False where that is no news. */
  learnOwn(userId: UserId, { policy, at }: DatedPolicy): boolean {
    const chosen = { policy, at, here: false };
    if (!replaces(chosen, this.#own.get(userId))) return false;
    this.#options.save([ownWrite(userId, chosen)]);
    this.#adopt(userId, chosen);
    return true;
  }

  /** A person's device tells its account's policy towards this one. False where that is no news. */
  learn({ userId, deviceId }: LinkPeer, told: DatedPolicy): boolean {
    const known = this.#told.get(deviceId);
    if (!replaces(told, known)) return false;
    const next: Told = { userId, ...told };
    const before = known?.policy ?? "automatic";
    this.#setTold(deviceId, next);
    this.#options.save([{ type: "put-value", key: TOLD + deviceId, value: JSON.stringify(next) }]);
    this.#forgetTold();
    if (before !== told.policy) this.#options.onChanged(userId, false);
    return true;
  }

  /** What this device has not heard of, the server's mark may tell: it was made for one reason only. */
  #policy(userId: UserId): RoutePolicy {
    const known = this.#own.get(userId)?.policy;
    return known ?? (this.#options.hidesAddresses(userId) ? "relay-only" : "automatic");
  }

  #theirs(userId: UserId): RoutePolicy {
    const policies: RoutePolicy[] = [];
    for (const deviceId of this.#tellers.get(userId) ?? []) {
      const told = this.#told.get(deviceId);
      if (told !== undefined && this.#options.permits(userId, deviceId)) policies.push(told.policy);
    }
    return strictest(policies);
  }

  /** The one heard longest ago is the first in the map. */
  #setTold(deviceId: DeviceId, told: Told): void {
    this.#dropTold(deviceId);
    this.#told.set(deviceId, told);
    const tellers = this.#tellers.get(told.userId) ?? new Set();
    this.#tellers.set(told.userId, tellers.add(deviceId));
  }

  #dropTold(deviceId: DeviceId): void {
    const told = this.#told.get(deviceId);
    if (told === undefined) return;
    this.#told.delete(deviceId);
    const tellers = this.#tellers.get(told.userId);
    tellers?.delete(deviceId);
    if (tellers?.size === 0) this.#tellers.delete(told.userId);
  }

  #adopt(userId: UserId, chosen: OwnPolicy): void {
    if (!replaces(chosen, this.#own.get(userId))) return;
    this.#own.delete(userId);
    this.#own.set(userId, chosen);
    this.#forgetOwn();
    this.#options.onChanged(userId, true);
  }

  /** Of too many, those of people who are no buddies go first, the ones chosen longest ago. */
  #forgetOwn(): void {
    const { isBuddy, save } = this.#options;
    while (this.#own.size > MAX_ROUTES) {
      const people = [...this.#own.keys()];
      const userId = people.find((one) => !isBuddy(one)) ?? people[0];
      if (userId === undefined) return;
      this.#own.delete(userId);
      save([{ type: "delete-value", key: OWN + userId }]);
    }
  }

  #forgetTold(): void {
    const { permits, save } = this.#options;
    while (this.#told.size > MAX_ROUTES_TOLD) {
      const all = [...this.#told];
      const [deviceId] =
        all.find(([device, { userId }]) => !permits(userId, device)) ?? all[0] ?? [];
      if (deviceId === undefined) return;
      this.#dropTold(deviceId);
      save([{ type: "delete-value", key: TOLD + deviceId }]);
    }
  }
}

function ownWrite(userId: UserId, chosen: OwnPolicy): StoreWrite {
  return { type: "put-value", key: OWN + userId, value: JSON.stringify(chosen) };
}

import type { UserId } from "../../shared/protocol/index.ts";
import type { Bus, RelationChange } from "../bus/bus.ts";
import type { RosterStore } from "../store/store.ts";

/**
 * The buddies (both sides agreed) of every account that is online, in memory: who hears of a change
 * and who may reach whom is asked for every signal, envelope and channel.
 */
export class BuddyLists {
  readonly #lists = new Map<UserId, readonly UserId[]>();
  readonly #loading = new Map<UserId, { stale: boolean }>();
  readonly #roster: RosterStore;

  constructor(roster: RosterStore, bus: Bus) {
    this.#roster = roster;
    bus.onRelation((change) => this.#changed(change));
  }

  has(userId: UserId): boolean {
    return this.#lists.has(userId);
  }

  /** Empty for an account that is not online. */
  of(userId: UserId): readonly UserId[] {
    return this.#lists.get(userId) ?? [];
  }

  /** `userId` is online. */
  areBuddies(userId: UserId, other: UserId): boolean {
    return this.#lists.get(userId)?.includes(other) ?? false;
  }

  /** Reads the list again where it changes meanwhile. */
  async load(userId: UserId): Promise<void> {
    for (;;) {
      const reading = { stale: false };
      this.#loading.set(userId, reading);
      const list = await this.#roster.buddies(userId);
      if (reading.stale) continue;
      if (this.#loading.get(userId) === reading) this.#loading.delete(userId);
      this.#lists.set(userId, list);
      return;
    }
  }

  forget(userId: UserId): void {
    this.#lists.delete(userId);
  }

  #changed({ a, b, buddies }: RelationChange): void {
    this.#apply(a, b, buddies);
    this.#apply(b, a, buddies);
  }

  #apply(owner: UserId, other: UserId, buddies: boolean): void {
    const reading = this.#loading.get(owner);
    if (reading !== undefined) reading.stale = true;
    const list = this.#lists.get(owner);
    if (list === undefined) return;
    const without = list.filter((userId) => userId !== other);
    this.#lists.set(owner, buddies ? [...without, other] : without);
  }
}

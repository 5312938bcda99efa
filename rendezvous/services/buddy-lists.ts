import type { UserId } from "../../shared/protocol/index.ts";
import type { Bus, HidingChange, RelationChange } from "../bus/bus.ts";
import type { RosterStore } from "../store/store.ts";

/**
 * The buddies (both sides agreed) of every account that is online, in memory: who hears of a change
 * and who may reach whom is asked for every signal, envelope and channel.
 */
export class BuddyLists {
  readonly #lists = new Map<UserId, readonly UserId[]>();
  /** From whom the addresses of an account are kept; nothing where from nobody. */
  readonly #hidden = new Map<UserId, ReadonlySet<UserId>>();
  readonly #loading = new Map<UserId, { stale: boolean }>();
  readonly #roster: RosterStore;

  constructor(roster: RosterStore, bus: Bus) {
    this.#roster = roster;
    bus.onRelation((change) => this.#changed(change));
    bus.onHiding((change) => this.#hidingChanged(change));
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

  /** The buddies, by whether the addresses of the account are kept from them. */
  byHiding(userId: UserId): {
    readonly shown: readonly UserId[];
    readonly hidden: readonly UserId[];
  } {
    const list = this.of(userId);
    const from = this.#hidden.get(userId);
    if (from === undefined) return { shown: list, hidden: [] };
    return {
      shown: list.filter((buddy) => !from.has(buddy)),
      hidden: list.filter((buddy) => from.has(buddy)),
    };
  }

  /** Reads the list again where it changes meanwhile. */
  async load(userId: UserId): Promise<void> {
    for (;;) {
      const reading = { stale: false };
      this.#loading.set(userId, reading);
      const [list, hidden] = await Promise.all([
        this.#roster.buddies(userId),
        this.#roster.hiddenFrom(userId),
      ]);
      if (reading.stale) continue;
      if (this.#loading.get(userId) === reading) this.#loading.delete(userId);
      this.#lists.set(userId, list);
      this.#setHidden(userId, new Set(hidden));
      return;
    }
  }

  forget(userId: UserId): void {
    this.#lists.delete(userId);
    this.#hidden.delete(userId);
  }

  #setHidden(userId: UserId, from: ReadonlySet<UserId>): void {
    if (from.size === 0) this.#hidden.delete(userId);
    else this.#hidden.set(userId, from);
  }

  #hidingChanged({ owner, peer, hidden }: HidingChange): void {
    const reading = this.#loading.get(owner);
    if (reading !== undefined) reading.stale = true;
    if (!this.#lists.has(owner)) return;
    const from = new Set(this.#hidden.get(owner));
    if (hidden) from.add(peer);
    else from.delete(peer);
    this.#setHidden(owner, from);
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

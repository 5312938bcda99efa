import {
  ProtocolError,
  type Params,
  type RosterEntry,
  type RosterState,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Member } from "../connection/member.ts";
import type { RosterChange, RosterRow, Store } from "../store/store.ts";
import { event } from "./event-frames.ts";
import type { NameProbes } from "./name-probes.ts";
import { PairLock } from "./pair-lock.ts";
import { step, type RelationStep } from "./relations.ts";
import { unknownPresence, type RosterEntries } from "./roster-entries.ts";

export interface RosterServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly entries: RosterEntries;
  readonly probes: NameProbes;
  readonly maxEntries: number;
}

/** Who is whose buddy. Both sides of a relation change in one step, and both are told. */
export class RosterService {
  readonly #options: RosterServiceOptions;
  readonly #pairs = new PairLock();

  constructor(options: RosterServiceOptions) {
    this.#options = options;
  }

  async get(member: Member): Promise<{ entries: RosterEntry[] }> {
    const { entries } = this.#options;
    return member.connection.inTurn(async () => ({ entries: await entries.all(member.userId) }));
  }

  /** @throws ProtocolError no-such-user, roster-full, rate-limited, invalid-params (oneself) */
  async add(member: Member, { userName }: Params<"roster.add">): Promise<RosterEntry> {
    const { store, probes } = this.#options;
    const { address } = member.connection.address;
    const account = await probes.find(member.userId, address, async () => {
      const named = await store.accounts.byName(userName);
      return named?.disabled === true ? undefined : named;
    });
    if (account === undefined) {
      throw new ProtocolError("no-such-user", "There is no user of this name.");
    }
    if (account.userId === member.userId) {
      throw new ProtocolError("invalid-params", "You cannot add yourself.");
    }
    return this.#entryAfter("add", member.userId, account.userId);
  }

  /** @throws ProtocolError no-such-entry (also below, where the entry is not in the right state) */
  async accept(member: Member, { userId }: Params<"roster.accept">): Promise<RosterEntry> {
    return this.#entryAfter("accept", member.userId, userId);
  }

  async decline(member: Member, { userId }: Params<"roster.decline">): Promise<{}> {
    await this.#take("decline", member.userId, userId);
    return {};
  }

  async remove(member: Member, { userId }: Params<"roster.remove">): Promise<{}> {
    await this.#take("remove", member.userId, userId);
    return {};
  }

  /** Also somebody who is not in the roster. @throws ProtocolError no-such-user, roster-full */
  async block(member: Member, { userId }: Params<"roster.block">): Promise<RosterEntry> {
    if (userId === member.userId) {
      throw new ProtocolError("invalid-params", "You cannot block yourself.");
    }
    if ((await this.#options.store.accounts.byId(userId)) === undefined) {
      throw new ProtocolError("no-such-user", "There is no such user.");
    }
    return this.#entryAfter("block", member.userId, userId);
  }

  async unblock(member: Member, { userId }: Params<"roster.unblock">): Promise<{}> {
    await this.#take("unblock", member.userId, userId);
    return {};
  }

  async update(member: Member, params: Params<"roster.update">): Promise<RosterEntry> {
    const { store, bus } = this.#options;
    const { userId: owner } = member;
    const { userId: peer, ...changes } = params;
    const isNews = await this.#pairs.run(owner, peer, async () => {
      const before = await store.roster.row(owner, peer);
      if (before === undefined) throw noSuchEntry();
      const row = { ...before, ...changes };
      await store.roster.change([{ type: "put", row }]);
      if (row.hideAddresses === before.hideAddresses) return false;
      bus.publishHiding({ owner, peer, hidden: row.hideAddresses });
      return row.state === "buddies";
    });
    await this.#tell(owner, peer);
    if (isNews) await this.#tellOfAddresses(peer, owner);
    return this.#entry(owner, peer);
  }

  /** Name or devices of the account have changed: its buddies' entries show them. */
  async profileChanged(userId: UserId): Promise<void> {
    const { store, bus } = this.#options;
    const buddies = await store.roster.buddies(userId);
    const online = buddies.filter((buddy) => bus.user(buddy) !== undefined);
    await Promise.all(online.map((buddy) => this.#tell(buddy, userId)));
  }

  async #entryAfter(kind: RelationStep, owner: UserId, peer: UserId): Promise<RosterEntry> {
    await this.#take(kind, owner, peer);
    return this.#entry(owner, peer);
  }

  async #entry(owner: UserId, peer: UserId): Promise<RosterEntry> {
    const entry = await this.#options.entries.one(owner, peer);
    // Removed by the other side meanwhile.
    if (entry === undefined) throw noSuchEntry();
    return entry;
  }

  async #take(kind: RelationStep, owner: UserId, peer: UserId): Promise<void> {
    await this.#pairs.run(owner, peer, () => this.#takeAlone(kind, owner, peer));
  }

  async #takeAlone(kind: RelationStep, owner: UserId, peer: UserId): Promise<void> {
    const { store, bus } = this.#options;
    const [mine, theirs] = await Promise.all([
      store.roster.row(owner, peer),
      store.roster.row(peer, owner),
    ]);
    const after = step(kind, { mine: mine?.state, theirs: theirs?.state });
    if (after === undefined) throw noSuchEntry();
    const myChange = changeOf(owner, peer, mine, after.mine);
    const theirChange = changeOf(peer, owner, theirs, after.theirs);
    const changes = [myChange, theirChange].filter((change) => change !== undefined);
    if (changes.length === 0) return;

    await Promise.all([
      this.#checkRoom(owner, mine, after.mine),
      this.#checkRoom(peer, theirs, after.theirs),
    ]);
    await store.roster.change(changes);
    // A row that is made anew hides nothing.
    for (const change of changes) {
      if (change.type === "remove")
        bus.publishHiding({ owner: change.owner, peer: change.peer, hidden: false });
    }

    const were = mine?.state === "buddies" && theirs?.state === "buddies";
    const are = after.mine === "buddies" && after.theirs === "buddies";
    if (were !== are) bus.publishRelation({ a: owner, b: peer, buddies: are });
    if (myChange !== undefined) await this.#tell(owner, peer);
    if (theirChange !== undefined) await this.#tell(peer, owner);
    else if (were && !are) this.#fade(peer, owner);
  }

  /** Whoever was blocked sees the other leave, as on any evening. */
  #fade(blocked: UserId, blocker: UserId): void {
    this.#options.bus.toUsers(
      [blocked],
      event("presence.changed", { userId: blocker, presence: unknownPresence }),
    );
  }

  /** @throws ProtocolError roster-full */
  async #checkRoom(
    owner: UserId,
    before: RosterRow | undefined,
    after: RosterState | undefined,
  ): Promise<void> {
    if (before !== undefined || after === undefined) return;
    const { store, maxEntries } = this.#options;
    if ((await store.roster.count(owner)) >= maxEntries) {
      throw new ProtocolError("roster-full", `A roster has at most ${maxEntries} entries.`);
    }
  }

  /** What the owner sees of the peer's addresses is another now, where they are buddies. */
  async #tellOfAddresses(owner: UserId, peer: UserId): Promise<void> {
    const row = await this.#options.store.roster.row(owner, peer);
    if (row?.state === "buddies") await this.#tell(owner, peer);
  }

  /** Sends the owner's online devices what the entry is now. */
  async #tell(owner: UserId, peer: UserId): Promise<void> {
    const { bus, entries } = this.#options;
    if (bus.user(owner) === undefined) return;
    const entry = await entries.one(owner, peer);
    bus.toUsers(
      [owner],
      entry === undefined
        ? event("roster.removed", { userId: peer })
        : event("roster.changed", { entry }),
    );
  }
}

const FRESH = { nickname: "", group: "", hideAddresses: false };

function changeOf(
  owner: UserId,
  peer: UserId,
  before: RosterRow | undefined,
  after: RosterState | undefined,
): RosterChange | undefined {
  if (before?.state === after) return undefined;
  if (after === undefined) return { type: "remove", owner, peer };
  const { nickname, group, hideAddresses } = before ?? FRESH;
  return { type: "put", row: { owner, peer, state: after, nickname, group, hideAddresses } };
}

function noSuchEntry(): ProtocolError {
  return new ProtocolError("no-such-entry", "Your roster has no such entry.");
}

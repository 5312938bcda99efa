import type { ConversationId, DeviceId, UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError, type Conversation, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { LISTS_AGAIN_MS } from "../limits.ts";
import type { Clock, Log, Random } from "../ports.ts";
import type { RosterBook } from "../roster/roster-book.ts";
import type { MemberAccounts } from "../sealing/member-accounts.ts";
import type { SecretValues } from "../sealing/secret-values.ts";
import type { Store, StoreWrite } from "../store.ts";
import type { TrustBook } from "../trust/trust-book.ts";
import type { OpenGroups } from "./group-calls.ts";
import { GroupChanges } from "./group-changes.ts";
import type { GroupNews } from "./group-directory.ts";
import { GroupPeople } from "./group-people.ts";
import { groupTitle, groupView } from "./group-view.ts";
import type { Group } from "./groups-api.ts";
import { MembershipBook } from "./membership-book.ts";

export interface AccountGroupsOptions {
  /** Origin of the server. */
  readonly server: string;
  readonly connection: ServerConnection;
  readonly secrets: SecretValues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: IdentityKeys;
  readonly trust: TrustBook;
  readonly roster: () => RosterBook;
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  /** What may be lost without harm. */
  readonly save: (writes: readonly StoreWrite[]) => void;
  /** Puts it into the histories. @throws StoreError */
  readonly onNews: (news: readonly GroupNews[]) => Promise<void>;
  /** Who is in a group, or what they may do, is another thing; `left`: somebody is in it no more. */
  readonly onMembers: (conversationId: ConversationId, change: { readonly left: boolean }) => void;
  /** What hosts see of a group is another thing. */
  readonly onGroup: (group: Group) => void;
  readonly onNotice: (notice: Notice) => void;
  /** Brings these people the key of the group's name, and resolves when it has left. @throws ChatKitError */
  readonly greet: (conversationId: ConversationId, people: readonly UserId[]) => Promise<void>;
  /** The conversation of a group that is known, made if it is new. */
  readonly conversation: (conversationId: ConversationId) => Conversation | undefined;
}

/** The groups of an open account, and the people in them. */
export class AccountGroups implements Disposable {
  readonly book: MembershipBook;
  /** For sealing. */
  readonly members: MemberAccounts;
  readonly #options: AccountGroupsOptions;
  readonly #changes: GroupChanges;
  readonly #people: GroupPeople;
  /** Device lists of people in groups that are being read for the first time. */
  readonly #firstLists = new Map<UserId, Promise<boolean>>();
  /** When; monotonic ms. */
  readonly #askedAt = new Map<UserId, number>();
  /** On their way to people who came into groups. */
  readonly #greetings = new Set<Promise<void>>();
  #closed = false;

  constructor(options: AccountGroupsOptions) {
    this.#options = options;
    const { clock, connection, identity, log, random, roster, secrets, trust } = options;
    this.book = new MembershipBook({
      secrets,
      clock,
      random,
      log,
      connection,
      self: () => this.#self,
      directory: trust,
      device: (deviceId: DeviceId) => roster().device(deviceId),
      commit: options.commit,
      onNews: options.onNews,
      onChanged: (conversationId, change) => this.#changed(conversationId, change),
      onNotice: options.onNotice,
    });
    this.members = {
      accounts: (id) => this.book.accounts(id),
      wasIn: (id, userId) => this.book.get(id)?.has(userId, 0) === true,
      look: (id) => this.book.look(id),
    };
    this.#changes = new GroupChanges({
      book: this.book,
      identity,
      self: () => roster().self.userId,
      clock,
      random,
    });
    this.#people = new GroupPeople({
      connection,
      clock,
      log,
      isKnown: (userId) => userId === this.#self || roster().get(userId) !== undefined,
      save: options.save,
      onNames: (conversationId) => this.#tell(conversationId),
    });
  }

  /** After the roster, which knows whose groups these are. @throws StoreError */
  async load(store: Store): Promise<void> {
    await this.book.load(store);
    await this.#people.load(store);
  }

  /** A session began: logs, lists and names are read on, in the background. */
  sessionBegan(): void {
    this.#askedAt.clear();
    this.book.sessionBegan();
    for (const id of this.book.ids()) this.#lookAtPeople(id);
    const { roster, trust } = this.#options;
    for (const userId of this.book.people) {
      // The roster tells how long the lists of buddies are.
      if (!roster().isBuddy(userId)) void trust.refresh(userId);
    }
  }

  /** A group of people as it is known here; undefined for a conversation of two. */
  get(conversationId: ConversationId): Group | undefined {
    const known = this.book.known(conversationId);
    const self = this.#self;
    if (known === undefined || self === undefined) return undefined;
    return groupView(conversationId, known, {
      self,
      server: this.#options.server,
      nameOf: (userId) => this.nameOf(userId),
      userNameOf: (userId) => this.#userNameOf(userId),
    });
  }

  /** What to call that group; undefined where it is none. */
  titleOf(conversationId: ConversationId): string | undefined {
    // Asked for with every message: of a group with a name its people are not looked through.
    const name = this.book.known(conversationId)?.about?.name;
    const self = this.#self;
    if (name !== undefined && self !== undefined) return name;
    const group = this.get(conversationId);
    return group === undefined || self === undefined ? undefined : groupTitle(group, self);
  }

  /** What to call somebody who is on the roster, or in a group with this account, or was. */
  nameOf(userId: UserId): string {
    const roster = this.#options.roster();
    const self = roster.account?.profile;
    if (userId === self?.userId) return self.displayName || self.userName;
    const name = roster.nameOf(userId);
    // The roster calls those it does not know by their ids.
    return name === userId ? (this.#people.nameOf(userId) ?? userId) : name;
  }

  /** Resolves once a first look at the device lists of everybody in that group was taken. */
  async lookFor(conversationId: ConversationId): Promise<void> {
    this.#lookAtPeople(conversationId);
    await this.#listsRead(this.book.get(conversationId)?.members ?? []);
  }

  /** What `kit.groups` works with. */
  get open(): OpenGroups {
    const { conversation, random, roster, server } = this.#options;
    return {
      changes: this.#changes,
      random,
      server,
      self: () => roster().self.userId,
      isBuddy: (userId) => roster().isBuddy(userId),
      group: (conversationId) => this.get(conversationId),
      nameOf: (userId) => this.nameOf(userId),
      ready: async () => {
        await this.book.ready();
        await this.#people.settled();
      },
      told: async () => {
        await Promise.all(this.#greetings);
      },
      greet: (conversationId, people) => this.#greet(conversationId, people),
      conversation: (conversationId) => {
        const found = conversation(conversationId);
        if (found !== undefined) return found;
        throw new ChatKitError("no-such-conversation", "There is no such group.");
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.book.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #self(): UserId | undefined {
    return this.#options.roster().account?.profile.userId;
  }

  #userNameOf(userId: UserId): string | undefined {
    const roster = this.#options.roster();
    const self = roster.account?.profile;
    if (userId === self?.userId) return self.userName;
    return roster.get(userId)?.profile.userName ?? this.#people.userNameOf(userId);
  }

  #greet(conversationId: ConversationId, people: readonly UserId[]): void {
    const { greet, log } = this.#options;
    const greeting = this.#listsRead(people)
      .then(() => greet(conversationId, people))
      .catch((error: unknown) => {
        // They learn it from whatever is said there next.
        log.warn("people in a group were not told its name", { error });
      });
    this.#greetings.add(greeting);
    void greeting.then(() => this.#greetings.delete(greeting));
  }

  async #listsRead(people: readonly UserId[]): Promise<void> {
    await Promise.all(people.flatMap((person) => this.#firstLists.get(person) ?? []));
  }

  #changed(conversationId: ConversationId, change: { readonly left: boolean }): void {
    if (this.#closed) return;
    this.#lookAtPeople(conversationId);
    this.#options.onMembers(conversationId, change);
    this.#tell(conversationId);
  }

  #tell(conversationId: ConversationId): void {
    const group = this.get(conversationId);
    if (group !== undefined && !this.#closed) this.#options.onGroup(group);
  }

  /** Whoever is in a group must be known: their devices get what is said there. */
  #lookAtPeople(conversationId: ConversationId): void {
    const { standing, members } = this.book.get(conversationId) ?? {};
    if (standing !== "member" || members === undefined) return;
    this.#people.look(conversationId, members);
    const { clock, trust } = this.#options;
    const now = clock.monotonic();
    for (const userId of members) {
      // Whoever has no list, or none that is told, is not asked for with every message.
      const isAsked = now - (this.#askedAt.get(userId) ?? -Infinity) < LISTS_AGAIN_MS;
      if (isAsked || trust.devices(userId).length > 0 || this.#firstLists.has(userId)) continue;
      this.#askedAt.set(userId, now);
      const reading = trust.refresh(userId);
      this.#firstLists.set(userId, reading);
      void reading.finally(() => this.#firstLists.delete(userId));
    }
  }
}

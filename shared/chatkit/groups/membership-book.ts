import type { ConversationId, GroupNote, UserId } from "../../protocol/index.ts";
import { encodeBase64, memberKey, sameBytes } from "../../crypto/index.ts";
import { ChatKitError, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import {
  MAX_FOUNDING,
  MAX_NO_GROUPS,
  NO_GROUP_MS,
  UNKNOWN_GROUP_EVERY_MS,
  UNKNOWN_GROUPS_AT_ONCE,
} from "../limits.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Clock, Log, Random } from "../ports.ts";
import { foreignBytes } from "../sealing/foreign-bytes.ts";
import type { MemberDirectory } from "../sealing/member-directory.ts";
import type { SecretValues } from "../sealing/secret-values.ts";
import type { Store, StoreWrite } from "../store.ts";
import { idBytes } from "../trust/device-id.ts";
import { openAbout } from "./about-seal.ts";
import type { GroupDirectory, GroupFacts, GroupNews } from "./group-directory.ts";
import { newsOf } from "./group-news.ts";
import { FormerDevices } from "./former-devices.ts";
import { GroupShelf, type ShelvedGroup } from "./group-shelf.ts";
import type { KnownGroup } from "./known-group.ts";
import {
  isOtherLog,
  readStatements,
  unknownGroup,
  withStatements,
  type ReadLog,
} from "./log-reading.ts";
import { LogAttention, type LookedAt } from "./log-attention.ts";
import { LogFollower } from "./log-follower.ts";
import { LogService } from "./log-service.ts";
import { SignerCheck, type SignerCheckOptions } from "./signer-check.ts";

export interface MembershipBookOptions {
  readonly connection: ServerConnection;
  readonly secrets: SecretValues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** This account, once it is known. */
  readonly self: () => UserId | undefined;
  readonly directory: MemberDirectory;
  /** Whose device that is or was, by a verified list. */
  readonly device: SignerCheckOptions["device"];
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  /**
   * What happened in a group, in order, for its history; durable when it resolves. After a crash it may
   * be told again, with the same ids. @throws StoreError
   */
  readonly onNews: (news: readonly GroupNews[]) => Promise<void>;
  /** Something about the group is another; `left`: somebody is in it no more. */
  readonly onChanged: (conversationId: ConversationId, change: { readonly left: boolean }) => void;
  readonly onNotice: (notice: Notice) => void;
}

/**
 * The groups of this account, each as far as its log was read and believed (SPEC G). The server orders
 * what members do; it can hold the end of a log back, and nothing else.
 */
export class MembershipBook implements GroupDirectory, Disposable {
  readonly service: LogService;
  readonly #options: MembershipBookOptions;
  readonly #shelf: GroupShelf;
  readonly #follower: LogFollower;
  readonly #attention: LogAttention;
  readonly #former: FormerDevices;
  /** For each group one thing after the other. */
  readonly #turns = new Map<ConversationId, Promise<unknown>>();
  /** When the server was last asked for what is no group here; monotonic ms. */
  readonly #none = new Map<ConversationId, number>();
  /** Of groups that this device is founding: it may be the answer alone that is lost. */
  readonly #founding = new Map<ConversationId, Pick<KnownGroup, "key">>();
  /** Lengths that messages named and the server did not come to: asked for once. */
  readonly #claimed = new Map<ConversationId, number>();
  /** A member can claim ever longer logs. */
  readonly #claims: TokenBucket;
  /** What the user was told in this session. */
  readonly #told = new Set<string>();
  readonly #unsubscribe: () => void;
  /** Groups of which this session knew at its begin that their logs go on. */
  #compared: Promise<readonly ConversationId[]> = Promise.resolve([]);

  constructor(options: MembershipBookOptions) {
    this.#options = options;
    const { connection, secrets, self } = options;
    this.service = new LogService(connection);
    this.#claims = new TokenBucket(options.clock, {
      burst: UNKNOWN_GROUPS_AT_ONCE,
      perMs: 1 / UNKNOWN_GROUP_EVERY_MS,
    });
    this.#shelf = new GroupShelf(secrets, self);
    this.#former = new FormerDevices((writes) => {
      // Where it is lost, a device that has left counts a little longer.
      options.commit(writes).catch((error: unknown) => {
        options.log.warn("devices that left were not saved", { error });
      });
    });
    this.#follower = new LogFollower({
      service: this.service,
      signers: new SignerCheck({ ...options, former: this.#former }),
      former: this.#former,
      clock: options.clock,
      self: () => this.#selfKey,
      distrust: (what) => this.#distrust(what),
    });
    this.#attention = new LogAttention({ ...options, look: (id) => this.#readOn(id) });
    this.#unsubscribe = connection.onEvent("conversation.changed", ({ conversationId, length }) => {
      if (length === this.#lengthOf(conversationId)) return;
      this.#none.delete(conversationId);
      this.#attention.add(conversationId);
    });
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    await this.#former.load(store);
    await this.#shelf.load(store);
  }

  /** Those keys stood in device lists, and do not now. */
  devicesLeft(publicKeys: readonly Uint8Array[]): void {
    this.#former.left(publicKeys);
  }

  get(conversationId: ConversationId): GroupFacts | undefined {
    return this.#shelf.get(conversationId)?.facts;
  }

  accounts(conversationId: ConversationId): ReadonlySet<UserId> | undefined {
    return this.#shelf.get(conversationId)?.accounts;
  }

  known(conversationId: ConversationId): KnownGroup | undefined {
    return this.#shelf.get(conversationId)?.group;
  }

  ids(): readonly ConversationId[] {
    return Array.from(this.#shelf.all(), ([id]) => id);
  }

  /** Everybody in the groups in which this account is. */
  get people(): ReadonlySet<UserId> {
    return this.#shelf.people;
  }

  heard(conversationId: ConversationId, from: UserId, note: GroupNote): void {
    this.#heard(conversationId, from, note).catch((error: unknown) => {
      this.#options.log.warn("what a message told of its group was not taken in", { error });
    });
  }

  async look(conversationId: ConversationId): Promise<LookedAt> {
    const { clock } = this.#options;
    const askedAt = this.#none.get(conversationId);
    if (askedAt !== undefined && clock.monotonic() - askedAt < NO_GROUP_MS) return "none";
    const found = await this.#attention.look(conversationId);
    if (found !== "none") return found;
    this.#none.delete(conversationId);
    this.#none.set(conversationId, clock.monotonic());
    for (const oldest of this.#none.keys()) {
      if (this.#none.size <= MAX_NO_GROUPS) break;
      this.#none.delete(oldest);
    }
    return "none";
  }

  /** A session began: what was missed is read, in the background. */
  sessionBegan(): void {
    this.#told.clear();
    this.#none.clear();
    this.#claimed.clear();
    this.#compared = this.#compareAll().catch((error: unknown) => {
      // The next session does it again.
      this.#options.log.warn("the groups were not listed", { error });
      return [];
    });
  }

  /** What was missed before this session has been read, as far as the server told. Never rejects. */
  async ready(): Promise<void> {
    for (const id of await this.#compared) await this.#attention.look(id);
  }

  /** This device is about to found that group, whose name is sealed with that key. */
  founding(conversationId: ConversationId, key: Uint8Array): void {
    this.#founding.set(conversationId, { key });
    for (const oldest of this.#founding.keys()) {
      if (this.#founding.size <= MAX_FOUNDING) break;
      this.#founding.delete(oldest);
    }
  }

  /** This account's own statement, which the server has just taken. @throws StoreError */
  async appended(
    conversationId: ConversationId,
    statement: Uint8Array,
    change: Partial<KnownGroup>,
  ): Promise<void> {
    const isHere = await this.#exclusive(conversationId, async () => {
      const before = this.known(conversationId) ?? unknownGroup(idBytes(conversationId));
      const text = encodeBase64(statement);
      const read = await readStatements(
        before.membership,
        [text],
        this.#selfKey,
        this.#options.clock,
      );
      if (read.statements.length === 0) return false;
      await this.#take(conversationId, { ...withStatements(before, read), ...change }, read);
      return true;
    });
    // An event was faster: it may have been read already.
    if (!isHere) await this.look(conversationId);
    if (!isHere) await this.amend(conversationId, change);
  }

  /** Changes what this device knows beside the log. @throws StoreError */
  amend(conversationId: ConversationId, change: Partial<KnownGroup>): Promise<void> {
    return this.#exclusive(conversationId, async () => {
      const group = this.known(conversationId) ?? unknownGroup(idBytes(conversationId));
      await this.#take(conversationId, { ...group, ...change });
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#attention.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #selfKey(): string {
    const self = this.#options.self();
    return self === undefined ? "" : memberKey(idBytes(self));
  }

  #lengthOf(conversationId: ConversationId): number {
    return this.known(conversationId)?.membership.length ?? 0;
  }

  /** Reads a log on to its end. @throws StoreError; as `ServerConnection.request` */
  #readOn(conversationId: ConversationId): Promise<LookedAt> {
    return this.#exclusive(conversationId, async () => {
      const known = this.known(conversationId);
      const group = known ?? {
        ...unknownGroup(idBytes(conversationId)),
        ...this.#founding.get(conversationId),
      };
      const followed = await this.#follower.readOn(conversationId, group);
      if (followed === undefined) return known === undefined ? "none" : "known";
      const { group: next, read, isUnsure } = followed;
      const isNews = next.sealedAbout !== group.sealedAbout || next.left !== group.left;
      // Nobody is told of a group in which this account never was.
      const isOurs = group.membership.length > 0 || read.statements.some((one) => one.isOurs);
      if (isOurs && (read.statements.length > 0 || isNews)) {
        await this.#take(conversationId, next, read);
      }
      if (isUnsure) {
        throw new ChatKitError("server-unreachable", "A device list could not be read.", {
          retryable: true,
        });
      }
      return isOurs ? "known" : "none";
    });
  }

  /** In a turn. The history comes first: what is told again after a crash has the same ids. */
  async #take(conversationId: ConversationId, group: KnownGroup, read?: ReadLog): Promise<void> {
    const { commit, onChanged, onNews } = this.#options;
    const before: ShelvedGroup | undefined = this.#shelf.get(conversationId);
    const write = this.#shelf.put(conversationId, opened(group));
    const statements = read?.statements ?? [];
    try {
      const news = statements
        .filter(({ isOurs }) => isOurs)
        .map((one) => newsOf(conversationId, one));
      if (news.length > 0) await onNews(news);
      await commit([write]);
    } catch (error) {
      this.#shelf.putBack(conversationId, before);
      throw error;
    }
    onChanged(conversationId, { left: statements.some(({ left }) => left.length > 0) });
  }

  async #heard(conversationId: ConversationId, from: UserId, note: GroupNote): Promise<void> {
    const group = this.known(conversationId);
    if (this.accounts(conversationId)?.has(from) !== true || group === undefined) return;
    const { key, length } = note;
    const head = foreignBytes(note.head);
    if (key !== undefined) await this.#adoptKey(conversationId, foreignBytes(key));
    if (isOtherLog(group, length, head)) return this.#distrust("two logs of one group");
    if (length <= group.membership.length) return;
    if (length <= (this.#claimed.get(conversationId) ?? 0) || !this.#claims.take(1)) return;
    this.#claimed.set(conversationId, length);
    await this.look(conversationId);
    const now = this.known(conversationId);
    if (now === undefined) return;
    if (isOtherLog(now, length, head)) this.#distrust("two logs of one group");
    if (now.membership.length < length && this.service.isReachable) {
      this.#options.log.warn("a group's log goes on, and the server does not show it");
    }
  }

  /** Any member may bring the key: it counts where it opens what the log names. */
  async #adoptKey(conversationId: ConversationId, key: Uint8Array): Promise<void> {
    const isNeeded = (group: KnownGroup | undefined): boolean => {
      if (group === undefined || (group.key !== undefined && sameBytes(group.key, key)))
        return false;
      const { membership, sealedAbout } = group;
      if (sealedAbout === undefined) return group.key === undefined;
      return openAbout(key, membership.conversationId, sealedAbout) !== undefined;
    };
    if (!isNeeded(this.known(conversationId))) return;
    await this.#exclusive(conversationId, async () => {
      const group = this.known(conversationId);
      if (group !== undefined && isNeeded(group)) {
        await this.#take(conversationId, { ...group, key });
      }
    });
  }

  /** @returns what is being read on */
  async #compareAll(): Promise<readonly ConversationId[]> {
    const behind: ConversationId[] = [];
    const left = this.#former.count;
    const listed = await this.service.list();
    for (const [id, length] of listed) {
      const known = this.known(id);
      const isKnown = length === known?.membership.length && this.get(id)?.standing === "member";
      if (!isKnown) behind.push(id);
      else if (known.left !== left) await this.amend(id, { left });
    }
    for (const [id, { facts }] of this.#shelf.all()) {
      if (facts.standing === "member" && !listed.has(id)) behind.push(id);
    }
    for (const id of behind) this.#attention.add(id);
    return behind;
  }

  #distrust(what: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    const detail = `The server showed ${what}; it was not believed.`;
    this.#options.onNotice({ kind: "server-untrusted", detail });
  }

  #exclusive<T>(conversationId: ConversationId, use: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(conversationId) ?? Promise.resolve();
    const turn = before.then(use);
    // The next in turn does not care how this one ended; its caller is told.
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(conversationId, settled);
    void settled.then(() => {
      if (this.#turns.get(conversationId) === settled) this.#turns.delete(conversationId);
    });
    return turn;
  }
}

/** With name and picture, as far as the key is here. */
function opened(group: KnownGroup): KnownGroup {
  const { key, membership, sealedAbout } = group;
  if (key === undefined || sealedAbout === undefined) return group;
  const about = openAbout(key, membership.conversationId, sealedAbout);
  return about === undefined ? group : { ...group, about };
}

import * as v from "valibot";
import {
  ConversationId,
  type DeviceId,
  type MessageId,
  type UserId,
} from "../../protocol/index.ts";
import {
  MlsError,
  peekSealed,
  type GroupMember,
  type IdentityKeys,
  type MlsSuite,
} from "../../crypto/index.ts";
import { ChatKitError, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { randomFraction } from "../connection/back-off.ts";
import {
  LEAVERS_OUT_MS,
  MAX_GROUPS_LISTED,
  MAX_OPEN_GROUPS,
  MAX_UNREADABLE_NOTED,
} from "../limits.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import { deviceIdOfKey, idBytes } from "../trust/device-id.ts";
import { ConversationGroup } from "./conversation-group.ts";
import { GroupAttention, type GroupNews } from "./group-attention.ts";
import type { GroupContext } from "./group-context.ts";
import { GroupMemory, presentGroup } from "./group-memory.ts";
import { GroupRecords } from "./group-records.ts";
import { GroupService } from "./group-service.ts";
import { GroupUpkeep } from "./group-upkeep.ts";
import { NO_GROUPS, type MemberAccounts } from "./member-accounts.ts";
import type { MemberDirectory } from "./member-directory.ts";
import { OwnKeyPackages } from "./own-key-packages.ts";
import type { Opened, OpenRequest, Sealed, Sealing, SealRequest } from "./sealing.ts";
import type { SecretValues } from "./secret-values.ts";
import { WriteBuffer } from "./write-buffer.ts";

export interface GroupBookOptions {
  readonly store: Store;
  /** Every commit takes this book's writes with it (`Journal.join`). @throws StoreError */
  readonly journal: { commit(writes: readonly StoreWrite[]): Promise<void> };
  readonly secrets: SecretValues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connection: ServerConnection;
  /** This device's keys. */
  readonly keys: IdentityKeys;
  /** This account, once it is known. */
  readonly self: () => UserId | undefined;
  readonly directory: MemberDirectory;
  /** Who is in groups of more than two; absent where there are none. */
  readonly groups?: MemberAccounts;
  /** The suite of this device's key packages, and of groups where all the others ask for it, too. */
  readonly suite?: MlsSuite | undefined;
  /** Key packages to keep at the server; `KEY_PACKAGES_PUBLISHED` unless a test wants fewer. */
  readonly keyPackages?: number;
  readonly onNotice: (notice: Notice) => void;
}

/** What can be told of a conversation's group. */
export interface GroupDescription {
  readonly epoch: number;
  readonly suite: MlsSuite;
  readonly members: readonly GroupMember[];
  /** Equal on two devices exactly if they are in the same epoch of the same group. */
  readonly confirmation: Uint8Array;
}

export type PrepareRequest = Pick<SealRequest, "conversationId" | "peer" | "recipients">;

interface Entry {
  readonly group: ConversationGroup;
  readonly upkeep: GroupUpkeep;
}

/** All MLS groups of an account (SPEC M): one for each conversation, made when it is first needed. */
export class GroupBook implements Sealing, Disposable {
  readonly #options: GroupBookOptions;
  readonly #context: GroupContext;
  readonly #buffer = new WriteBuffer();
  readonly #attention: GroupAttention;
  readonly #unsubscribe: readonly (() => void)[];
  /** In the order of use. */
  readonly #entries = new Map<ConversationId, Entry>();
  /** Messages for whose sake the group was looked after already; bounded. */
  readonly #lookedAfter = new Set<MessageId>();
  /** Groups whose former members' devices will be taken out in a moment. */
  readonly #leaving = new Map<ConversationId, Timer>();
  /** What the user was told in this session. */
  readonly #told = new Set<string>();
  /** Something handed out may still be on its way to the store. */
  #isUnderWay = false;
  #background = 0;
  #listed: Promise<void> = Promise.resolve();
  #closed = false;
  /** This device, as it was asked for last: every message asks. */
  #known: ReturnType<GroupContext["self"]> | undefined;

  constructor(options: GroupBookOptions) {
    this.#options = options;
    const { connection, secrets, store, suite = "hybrid" } = options;
    const service = new GroupService(connection);
    const self = (): ReturnType<GroupContext["self"]> => this.#self();
    this.#context = {
      ...options,
      service,
      suite,
      self,
      groups: options.groups ?? NO_GROUPS,
      records: new GroupRecords(store, secrets, this.#buffer),
      packages: new OwnKeyPackages({
        ...options,
        service,
        suite,
        buffer: this.#buffer,
        identity: () => self().identity,
        commit: (writes) => options.journal.commit(writes),
      }),
      notice: (notice) => this.#notice(notice),
      commit: () => this.#commit(),
    };
    this.#attention = new GroupAttention((id, news) => this.#attend(id, news));
    this.#unsubscribe = [
      connection.onEvent("group.changed", ({ conversationId, epoch }) =>
        this.#attention.add(conversationId, { epoch, compare: false }),
      ),
      connection.onEvent("keyPackages.low", () =>
        this.#inBackground(() => this.publishKeyPackages()),
      ),
    ];
  }

  async seal(request: SealRequest): Promise<Sealed> {
    const { group, upkeep } = this.#entry(request.conversationId);
    try {
      const bytes = await group.seal(request);
      if (bytes !== undefined) return { kind: "sealed", bytes };
    } catch (error) {
      if (!(error instanceof MlsError)) throw error;
      this.#options.log.error("a group does not seal", { reason: error.reason, error });
      group.needs.rejoin = true;
    }
    return { kind: "not-ready", ready: upkeep.demand({ recipients: request.recipients }) };
  }

  /**
   * Sees to it that `seal` needs no server for these. Never rejects. True when that is so, or was
   * tried; false when the server was not reached.
   */
  async prepare(request: PrepareRequest): Promise<boolean> {
    const { group, upkeep } = this.#entry(request.conversationId);
    try {
      if (await group.isReadyFor(request)) return true;
    } catch (error) {
      this.#options.log.warn("a group was not prepared", { error });
      return true;
    }
    return await upkeep.demand({ recipients: request.recipients });
  }

  async open(request: OpenRequest): Promise<Opened> {
    const { conversationId, id } = request.header;
    const { group, upkeep } = this.#entry(conversationId);
    const opened = await group.open(request, this.#lookedAfter.has(id));
    if (opened.kind === "opened") return opened;
    if (opened.kind === "unreadable") {
      if (opened.isAhead) {
        this.#notice({
          kind: "server-untrusted",
          detail: "A message shows that the server holds a conversation's newest state back.",
        });
      }
      return { kind: "unreadable", error: opened.error };
    }
    const { compare } = opened;
    const epoch = peekSealed(request.sealed)?.epoch ?? 0;
    const ready = upkeep.demand({ compare, epoch }).then((isDone) => {
      if (isDone) this.#note(id);
      return isDone;
    });
    return { kind: "behind", ready };
  }

  unreadable(conversationId: ConversationId, device: DeviceId, message: MessageId): void {
    this.#entry(conversationId).group.unreadable(device, message);
  }

  takeWrites(): readonly StoreWrite[] {
    const writes = this.#buffer.take();
    if (writes.length > 0) this.#isUnderWay = true;
    return writes;
  }

  rollBack(): void {
    this.#isUnderWay = true;
    this.#buffer.clear();
    for (const { group } of this.#entries.values()) group.memory.forget();
  }

  /**
   * People have left that group, or were removed: their devices are taken out, whether or not anybody
   * writes. A random moment later, so that not all members do it at once; whoever writes does it before.
   */
  somebodyLeft(conversationId: ConversationId): void {
    if (this.#closed || this.#leaving.has(conversationId)) return;
    const { clock, random } = this.#options;
    const timer = clock.setTimer(
      () => {
        this.#leaving.delete(conversationId);
        this.#attention.add(conversationId, { epoch: 0, compare: false, tidy: true });
      },
      randomFraction(random) * LEAVERS_OUT_MS,
    );
    this.#leaving.set(conversationId, timer);
  }

  /**
   * A session began: what was missed is made up for, in the background. Not before this device is in its
   * list: until then the others would take it for one that the server has made up.
   * @param listed resolves once this device is in its account's list, as far as it can be; never rejects
   */
  sessionBegan(listed: Promise<void> = Promise.resolve()): void {
    this.#told.clear();
    for (const { upkeep } of this.#entries.values()) upkeep.wake();
    this.#inBackground(() => this.publishKeyPackages());
    this.#listed = listed;
    this.#inBackground(() => listed.then(() => this.#compareAll()));
  }

  /**
   * Sees to it that others can take this device into their groups.
   * @throws StoreError; as `ServerConnection.request`
   */
  publishKeyPackages(): Promise<void> {
    return this.#context.packages.publish();
  }

  /** @returns undefined where this device is in no group of that conversation @throws StoreError */
  describe(conversationId: ConversationId): Promise<GroupDescription | undefined> {
    return this.#entry(conversationId).group.memory.exclusively((state) => {
      const mls = presentGroup(state)?.mls;
      if (mls === undefined) return undefined;
      const { confirmation, epoch, members, suite } = mls;
      return { confirmation, epoch, members, suite };
    });
  }

  /** Nothing is under way that nobody waits for. */
  get isIdle(): boolean {
    const entries = [...this.#entries.values()];
    return (
      this.#background === 0 &&
      this.#attention.isIdle &&
      entries.every(({ group, upkeep }) => !group.memory.isBusy && !upkeep.isBusy)
    );
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#unsubscribe) end();
    for (const timer of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
    this.#attention.clear();
    for (const { upkeep } of this.#entries.values()) upkeep.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #self(): ReturnType<GroupContext["self"]> {
    const { keys, self } = this.#options;
    const userId = self();
    if (userId === undefined) throw new ChatKitError("not-open", "The account is not known yet.");
    if (this.#known?.userId !== userId) {
      const deviceId = deviceIdOfKey(keys.publicKey);
      this.#known = { userId, deviceId, identity: { userId: idBytes(userId), keys } };
    }
    return this.#known;
  }

  #entry(conversationId: ConversationId): Entry {
    let entry = this.#entries.get(conversationId);
    this.#entries.delete(conversationId);
    if (entry === undefined) {
      const memory = new GroupMemory(conversationId, this.#context);
      const group = new ConversationGroup(memory, this.#context);
      entry = { group, upkeep: new GroupUpkeep(group, this.#context) };
      this.#dropIdle();
    }
    this.#entries.set(conversationId, entry);
    return entry;
  }

  /** Makes room for one more, where there are groups that nothing is going on with. */
  #dropIdle(): void {
    for (const [id, { group, upkeep }] of this.#entries) {
      if (this.#entries.size < MAX_OPEN_GROUPS) return;
      const { behind, compare, rejoin, renew } = group.needs;
      const isWanted = behind || compare || rejoin || renew;
      const isBusy = group.memory.isBusy || upkeep.isBusy;
      if (isWanted || isBusy || this.#context.records.isWaiting(id)) continue;
      upkeep.close();
      this.#entries.delete(id);
    }
  }

  async #attend(conversationId: ConversationId, news: GroupNews): Promise<void> {
    await this.#listed;
    if (this.#closed || this.#options.self() === undefined || this.#isOver(conversationId)) return;
    await this.#entry(conversationId).upkeep.demand(news);
  }

  #isOver(conversationId: ConversationId): boolean {
    const self = this.#options.self();
    const accounts = this.#context.groups.accounts(conversationId);
    return self !== undefined && accounts?.has(self) === false;
  }

  /** Groups that the server knows otherwise than this device, and steps that were interrupted. */
  async #compareAll(): Promise<void> {
    await this.#commit();
    const { records, service } = this.#context;
    for (const id of await records.interrupted()) {
      this.#attention.add(v.parse(ConversationId, id), { epoch: 0, compare: true });
    }
    const heads = await records.heads();
    const listed = new Set<string>();
    for await (const { conversationId, epoch } of service.list()) {
      if (listed.size >= MAX_GROUPS_LISTED) return;
      listed.add(conversationId);
      if (heads.get(conversationId)?.epoch !== epoch) {
        this.#attention.add(conversationId, { epoch, compare: true });
      }
    }
    for (const key of heads.keys()) {
      if (listed.has(key)) continue;
      const id = v.parse(ConversationId, key);
      // Whoever left a group is not shown it any more.
      if (!this.#isOver(id)) this.#attention.add(id, { epoch: 0, compare: true });
    }
  }

  #inBackground(work: () => Promise<void>): void {
    this.#background++;
    work()
      .catch((error: unknown) => {
        // The next session does it again.
        this.#options.log.warn("the groups could not all be looked after", { error });
      })
      .finally(() => {
        this.#background--;
      });
  }

  /** The journal commits in order: once this is done, so is all that was handed out before. */
  async #commit(): Promise<void> {
    if (this.#buffer.isEmpty && !this.#isUnderWay) return;
    this.#isUnderWay = false;
    try {
      await this.#options.journal.commit([]);
    } catch (error) {
      this.#isUnderWay = true;
      throw error;
    }
  }

  #note(id: MessageId): void {
    this.#lookedAfter.add(id);
    for (const oldest of this.#lookedAfter) {
      if (this.#lookedAfter.size <= MAX_UNREADABLE_NOTED) break;
      this.#lookedAfter.delete(oldest);
    }
  }

  #notice(notice: Notice): void {
    this.#options.log.warn(notice.detail, { kind: notice.kind });
    if (this.#told.has(notice.detail)) return;
    this.#told.add(notice.detail);
    this.#options.onNotice(notice);
  }
}

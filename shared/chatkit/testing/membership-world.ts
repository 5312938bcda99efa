import {
  type EventName,
  type EventParams,
  type MethodName,
  type Params,
  type Result,
  type UserId,
  ProtocolError,
} from "../../protocol/index.ts";
import { identityKeysOf, memberKey, type IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError, type ConnectionState, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { GroupChanges } from "../groups/group-changes.ts";
import type { GroupNews } from "../groups/group-directory.ts";
import { MembershipBook } from "../groups/membership-book.ts";
import { SecretValues } from "../sealing/secret-values.ts";
import { deviceIdOfKey, idBytes } from "../trust/device-id.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryStores, type MemoryStore } from "./memory-store.ts";
import { SimulatedLogs } from "./simulated-logs.ts";
import { userIdOf } from "./test-ids.ts";
import { MemoryLog, seededRandom } from "./test-ports.ts";
import { testServerInfo } from "./test-server-info.ts";

/** What may become of a request. */
export type RequestFate = "lost" | "answer-lost";

/** Longest way of a request or an answer, ms. */
const WAY_MS = 20;

/** People whose devices have books of groups, and a server between them. */
export class MembershipWorld {
  readonly clock = new FakeClock();
  readonly logs = new SimulatedLogs();
  readonly nodes: MembershipNode[] = [];
  /** Public keys in the verified list of each account, and those that were. */
  readonly listed = new Map<UserId, Uint8Array[]>();
  readonly former = new Map<UserId, Uint8Array[]>();
  /** What becomes of the next request. */
  fate: (method: MethodName) => RequestFate | undefined = () => undefined;
  /** How long the next message is on its way, ms. */
  way: () => number = () => 1;

  constructor() {
    this.logs.onGrown = (conversationId, people, length) => {
      for (const node of this.nodes) {
        if (!people.includes(memberKey(idBytes(node.userId)))) continue;
        node.connection.tell("conversation.changed", { conversationId, length });
      }
    };
  }

  async add(person: number): Promise<MembershipNode> {
    const node = new MembershipNode(this, person, this.nodes.length + 1);
    this.nodes.push(node);
    const keys = this.listed.get(node.userId) ?? [];
    this.listed.set(node.userId, [...keys, node.identity.publicKey]);
    await node.open();
    return node;
  }

  /** The device leaves its account's list, and everybody knows at once. */
  unlist(node: MembershipNode): void {
    const { publicKey } = node.identity;
    const keys = this.listed.get(node.userId) ?? [];
    this.listed.set(
      node.userId,
      keys.filter((key) => key !== publicKey),
    );
    this.former.set(node.userId, [...(this.former.get(node.userId) ?? []), publicKey]);
    for (const { book } of this.nodes) book.devicesLeft([publicKey]);
  }

  /** Runs something to its end; it may need timers. */
  async run<T>(call: Promise<T>): Promise<T> {
    // The outcome is the caller's; here only the clock is moved meanwhile.
    const over = { now: false };
    const end = (): void => {
      over.now = true;
    };
    call.then(end, end);
    for (let turn = 0; turn < 1_000 && !over.now; turn++) await this.clock.advance(WAY_MS);
    return await call;
  }

  /** Until nothing is on its way any more. */
  async settle(): Promise<void> {
    await this.clock.advance(50 * WAY_MS);
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A connection to a server that knows membership logs and nothing else. */
class LogConnection implements ServerConnection {
  state: ConnectionState = { state: "online", server: testServerInfo("logs", 0) };
  readonly bufferedAmount = 0;
  readonly #world: MembershipWorld;
  readonly #self: UserId;
  readonly #changed = new Set<(params: EventParams<"conversation.changed">) => void>();
  readonly #state = new Set<(state: ConnectionState) => void>();

  constructor(world: MembershipWorld, self: UserId) {
    this.#world = world;
    this.#self = self;
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  async request(
    ...call:
      | ["conversation.found", Params<"conversation.found">]
      | ["conversation.append", Params<"conversation.append">]
      | ["conversation.join", Params<"conversation.join">]
      | ["conversation.log", Params<"conversation.log">]
      | ["conversation.linked", Params<"conversation.linked">]
      | ["conversation.list", Params<"conversation.list">]
      | ["conversation.profiles", Params<"conversation.profiles">]
  ): Promise<unknown> {
    const fate = this.#world.fate(call[0]);
    await this.#travel();
    if (fate === "lost") throw unreachable();
    const answer = this.#answer(call);
    await this.#travel();
    if (fate === "answer-lost") throw unreachable();
    return answer;
  }

  #answer(
    call:
      | ["conversation.found", Params<"conversation.found">]
      | ["conversation.append", Params<"conversation.append">]
      | ["conversation.join", Params<"conversation.join">]
      | ["conversation.log", Params<"conversation.log">]
      | ["conversation.linked", Params<"conversation.linked">]
      | ["conversation.list", Params<"conversation.list">]
      | ["conversation.profiles", Params<"conversation.profiles">],
  ): unknown {
    const { logs } = this.#world;
    const self = this.#self;
    switch (call[0]) {
      case "conversation.found":
        logs.found(self, call[1]);
        return {};
      case "conversation.append":
      case "conversation.join":
        logs.append(self, call[1]);
        return {};
      case "conversation.log":
        return logs.read(self, call[1].conversationId, call[1].after);
      case "conversation.linked": {
        const { after, conversationId, link } = call[1];
        return logs.linked(self, conversationId, { ...link, after });
      }
      case "conversation.list":
        return { conversations: logs.list(self), more: false };
      case "conversation.profiles":
        return { profiles: [] };
      default:
        throw new ProtocolError("unknown-method", "not played");
    }
  }

  /** @throws ChatKitError where there is no connection at its end */
  async #travel(): Promise<void> {
    const { clock, way } = this.#world;
    await new Promise<void>((resolve) => void clock.setTimer(resolve, way()));
    if (this.state.state !== "online") throw unreachable();
  }

  setOnline(isOnline: boolean): void {
    this.state = isOnline
      ? { state: "online", server: testServerInfo("logs", 0) }
      : { state: "waiting", attempt: 1, retryAt: 0 };
    for (const handler of this.#state) handler(this.state);
  }

  tell(_event: "conversation.changed", params: EventParams<"conversation.changed">): void {
    const { clock, way } = this.#world;
    clock.setTimer(() => {
      if (this.state.state !== "online") return;
      for (const handler of this.#changed) handler(params);
    }, way());
  }

  suspect(): void {}

  sendChannelData(): boolean {
    return false;
  }

  onState(handler: (state: ConnectionState) => void): () => void {
    this.#state.add(handler);
    return () => this.#state.delete(handler);
  }

  onSession(): () => void {
    return () => {};
  }

  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void;
  onEvent(
    event: string,
    handler: (params: EventParams<"conversation.changed">) => void,
  ): () => void {
    if (event === "conversation.changed") this.#changed.add(handler);
    return () => this.#changed.delete(handler);
  }

  onChannelData(): () => void {
    return () => {};
  }
}

/** One device with its book of groups, on a store that survives `restart`. */
export class MembershipNode {
  readonly userId: UserId;
  readonly identity: IdentityKeys;
  readonly connection: LogConnection;
  readonly notices: Notice[] = [];
  /** What its history was told, over all its life. */
  readonly news: GroupNews[] = [];
  readonly log = new MemoryLog();
  readonly #world: MembershipWorld;
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #stores = new MemoryStores();
  #parts:
    | { readonly book: MembershipBook; readonly changes: GroupChanges; readonly store: MemoryStore }
    | undefined;

  constructor(world: MembershipWorld, person: number, seed: number) {
    this.#world = world;
    this.#random = seededRandom(seed * 7_919);
    this.userId = userIdOf(person);
    this.identity = identityKeysOf(this.#random.bytes(32));
    this.connection = new LogConnection(world, this.userId);
  }

  get book(): MembershipBook {
    return this.#open.book;
  }

  get changes(): GroupChanges {
    return this.#open.changes;
  }

  /** Its next commits fail. */
  set failures(count: number) {
    this.#open.store.failures = count;
  }

  get isOnline(): boolean {
    return this.connection.state.state === "online";
  }

  get #open() {
    if (this.#parts === undefined) throw new Error("the device is closed");
    return this.#parts;
  }

  async open(): Promise<void> {
    const world = this.#world;
    const { clock } = world;
    const store = await this.#stores.open("account");
    const secrets = await SecretValues.open({ store, random: this.#random });
    const book = new MembershipBook({
      connection: this.connection,
      secrets,
      clock,
      random: this.#random,
      log: this.log,
      self: () => this.userId,
      directory: {
        devices: (userId) =>
          (world.listed.get(userId) ?? []).map((publicKey) => ({
            deviceId: deviceIdOfKey(publicKey),
            publicKey,
          })),
        refresh: () => Promise.resolve(this.isOnline),
      },
      device: (deviceId) => {
        for (const lists of [world.listed, world.former]) {
          for (const [userId, keys] of lists) {
            if (keys.some((key) => deviceIdOfKey(key) === deviceId)) return { userId };
          }
        }
        return undefined;
      },
      commit: (writes) => store.commit(writes),
      onNews: (news) => {
        this.news.push(...news);
        return Promise.resolve();
      },
      onChanged: () => {},
      onNotice: (notice) => this.notices.push(notice),
    });
    await book.load(store);
    const { identity } = this;
    const changes = new GroupChanges({
      book,
      identity,
      self: () => this.userId,
      clock,
      random: this.#random,
    });
    this.#parts = { book, changes, store };
    if (this.isOnline) book.sessionBegan();
  }

  setOnline(isOnline: boolean): void {
    this.connection.setOnline(isOnline);
    if (isOnline) this.book.sessionBegan();
  }

  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  async close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    parts?.book.close();
    await parts?.store[Symbol.asyncDispose]();
  }
}

function unreachable(): ChatKitError {
  return new ChatKitError("server-unreachable", "gone", { retryable: true });
}

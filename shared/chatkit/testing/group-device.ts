import * as v from "valibot";
import {
  DeviceId,
  encodeId,
  MessageId,
  type ConversationId,
  type EventName,
  type MethodName,
  type UserId,
} from "../../protocol/index.ts";
import { identityKeysOf, type IdentityKeys, type MlsSuite } from "../../crypto/index.ts";
import type { Notice } from "../api.ts";
import { Journal } from "../delivery/journal.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import type { LinkPeer } from "../link.ts";
import type { Clock } from "../ports.ts";
import { GroupBook, type GroupDescription } from "../sealing/group-book.ts";
import { SecretValues } from "../sealing/secret-values.ts";
import { StoreError, type Store, type StoreWrite } from "../store.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import type { GroupWorld, Letter } from "./group-world.ts";
import { MemoryStores, type MemoryStore } from "./memory-store.ts";
import { GroupConnection } from "./simulated-groups.ts";
import { unreachable } from "./simulated-server.ts";
import { MemoryLog, seededRandom } from "./test-ports.ts";

const Outgoing = v.object({
  id: MessageId,
  text: v.string(),
  sequence: v.number(),
  waiting: v.array(DeviceId),
});
type Outgoing = v.InferOutput<typeof Outgoing>;

const OUT = "test-out/";
const IN = "test-in/";

interface Life {
  readonly store: MemoryStore;
  readonly journal: Journal;
  readonly connection: GroupConnection;
  readonly book: GroupBook;
}

/** Over all worlds: a device that was set back to a backup never makes an id again. */
let messages = 0;

export class GroupDevice {
  readonly world: GroupWorld;
  readonly name: string;
  readonly self: LinkPeer;
  readonly peer: UserId;
  readonly conversationId: ConversationId;
  readonly keys: IdentityKeys;
  readonly log = new MemoryLog();
  readonly notices: Notice[] = [];
  /** Times that a message of anybody's could not be opened here. */
  unreadable = 0;
  /** The suite that it asks for, from its next start on. */
  suite: MlsSuite;
  /** Not running, and not about to. */
  isDown = true;
  readonly #seed: number;
  #stores = new MemoryStores();
  #life: Life | undefined;
  #isWorking = false;
  readonly #counts = new Map<string, number>();
  /** Messages that were sealed and sent in this life, with the devices that they went to. */
  readonly #sent = new Set<string>();

  constructor(
    world: GroupWorld,
    name: string,
    { peer, userId }: { readonly peer: UserId; readonly userId: UserId },
    seed: number,
  ) {
    this.peer = peer;
    this.conversationId = directConversationId(userId, peer);
    this.world = world;
    this.suite = world.suite;
    this.#seed = seed;
    this.name = name;
    this.keys = identityKeysOf(seededRandom(seed * 7919).bytes(32));
    this.self = { userId, deviceId: deviceIdOfKey(this.keys.publicKey) };
  }

  get book(): GroupBook {
    return this.#current.book;
  }

  get connection(): GroupConnection {
    return this.#current.connection;
  }

  get store(): MemoryStore {
    return this.#current.store;
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get isIdle(): boolean {
    return this.#life !== undefined && this.#life.book.isIdle && !this.#isWorking;
  }

  get #current(): Life {
    if (this.#life === undefined) throw new Error("the device is not running");
    return this.#life;
  }

  async setStore(values: ReadonlyMap<string, string>): Promise<void> {
    this.#stores = new MemoryStores();
    const store = await this.#stores.open("account");
    await store.commit([...values].map(([key, value]) => ({ type: "put-value", key, value })));
    await store[Symbol.asyncDispose]();
  }

  values(): Promise<ReadonlyMap<string, string>> {
    return this.#current.store.values("");
  }

  async start(isOnline = true): Promise<void> {
    const world = this.world;
    this.isDown = false;
    const store = await this.#stores.open("account");
    const random = seededRandom(this.#seed);
    const clock = this.#clock(() => this.#life?.store === store);
    const secrets = await SecretValues.open({ store, random });
    const connection = new GroupConnection(
      world.server,
      this.self,
      {
        request: (method, run) => this.#request(connection, method, run),
        event: (event, deliver) => this.#event(event, deliver),
      },
      this.log,
    );
    const journal = new Journal(this.#fateful(store), clock, () => {});
    const book = new GroupBook({
      store,
      journal,
      secrets,
      clock,
      random,
      log: this.log,
      connection,
      keys: this.keys,
      self: () => this.self.userId,
      directory: {
        devices: (userId) =>
          (world.lists.get(userId) ?? []).map(({ self, keys }) => ({
            deviceId: self.deviceId,
            publicKey: keys.publicKey,
          })),
        refresh: (userId) => {
          world.onRefresh(this.name, userId);
          return Promise.resolve(true);
        },
      },
      suite: this.suite,
      keyPackages: 3,
      onNotice: (notice) => this.notices.push(notice),
    });
    journal.join(book);
    this.#life = { store, journal, connection, book };
    this.#sent.clear();
    connection.setOnline(isOnline);
    world.server.connections.set(this.self.deviceId, connection);
    if (isOnline) book.sessionBegan();
    this.#tick(this.#life);
  }

  /** Ends in the middle of whatever it does. @param restartMs undefined: stays down */
  async crash(restartMs: number | undefined): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    this.#isWorking = false;
    this.world.server.connections.delete(this.self.deviceId);
    life.connection.setOnline(false);
    life.book.close();
    await life.store[Symbol.asyncDispose]();
    if (restartMs === undefined) this.isDown = true;
    else this.world.clock.setTimer(() => void this.start(), restartMs);
  }

  goOffline(): void {
    this.connection.setOnline(false);
  }

  goOnline(): void {
    this.connection.setOnline(true);
    this.book.sessionBegan();
  }

  async say(text: string): Promise<MessageId> {
    const id = v.parse(MessageId, encodeId(seededRandom(++messages).bytes(16)));
    const lists = this.world.lists;
    const waiting = [...(lists.get(this.peer) ?? []), ...(lists.get(this.self.userId) ?? [])]
      .map(({ self }) => self.deviceId)
      .filter((device) => device !== this.self.deviceId);
    const sequence = messages;
    await this.store.commit([
      this.#outgoing({ id, text, sequence, waiting }),
      { type: "put-value", key: IN + id, value: text },
    ]);
    return id;
  }

  /** Texts of all messages that are in the history here. */
  async read(): Promise<readonly string[]> {
    return [...(await this.store.values(IN)).values()].toSorted();
  }

  /** Nothing of this device's waits for anybody. */
  async isDone(): Promise<boolean> {
    return this.isRunning && (await this.store.values(OUT)).size === 0;
  }

  group(): Promise<GroupDescription | undefined> {
    return this.book.describe(this.conversationId);
  }

  #outgoing(outgoing: Outgoing): StoreWrite {
    return { type: "put-value", key: OUT + outgoing.id, value: JSON.stringify(outgoing) };
  }

  #count(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return count;
  }

  #clock(isAlive: () => boolean): Clock {
    const { clock } = this.world;
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (callback, ms) =>
        clock.setTimer(() => {
          if (isAlive()) callback();
        }, ms),
    };
  }

  async #request<T>(connection: GroupConnection, method: MethodName, run: () => T): Promise<T> {
    return await this.#step(
      method,
      () => this.#life?.connection === connection,
      run,
      () => {
        connection.setOnline(false);
        this.world.clock.setTimer(() => {
          if (this.#life?.connection === connection) this.goOnline();
        }, 200);
        return unreachable();
      },
    );
  }

  /** The store, with a fate for each of its commits. */
  #fateful(store: MemoryStore): Store {
    return {
      commit: (writes) => this.#commit(store, writes),
      value: (key) => store.value(key),
      values: (prefix) => store.values(prefix),
      conversations: () => store.conversations(),
      message: (id) => store.message(id),
      messagesOf: (ids) => store.messagesOf(ids),
      messages: (id, page) => store.messages(id, page),
      files: (id, page) => store.files(id, page),
      recent: (options) => store.recent(options),
      outbox: () => store.outbox(),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  }

  async #commit(store: MemoryStore, writes: readonly StoreWrite[]): Promise<void> {
    await this.#step(
      "commit",
      () => this.#life?.store === store,
      () => store.commit(writes),
      () => new StoreError("full", "simulated"),
    );
  }

  #event(event: EventName, deliver: () => void): void {
    const fate = this.world.fate(`${this.name} ${event}#${this.#count(event)}`);
    if (fate === undefined || fate === "answer-lost") deliver();
    if (fate === "crash-before" || fate === "crash-after") void this.crash(300);
  }

  async #step<T>(
    what: string,
    isAlive: () => boolean,
    run: () => T | Promise<T>,
    lose: () => Error,
  ): Promise<T> {
    await Promise.resolve();
    if (!isAlive()) return await new Promise<T>(() => {});
    const fate = this.world.fate(`${this.name} ${what}#${this.#count(what)}`);
    if (fate === "crash-before") return await this.#die();
    if (fate === "lost") throw lose();
    const result = await run();
    if (fate === "crash-after") return await this.#die();
    if (fate === "answer-lost" && what !== "commit") throw lose();
    if (!isAlive()) return await new Promise<T>(() => {});
    return result;
  }

  async #die(): Promise<never> {
    await this.crash(300);
    return await new Promise<never>(() => {});
  }

  /** Looks every now and then what there is to do. */
  #tick(life: Life): void {
    if (this.#life !== life) return;
    if (!this.#isWorking) void this.#work(life);
    this.world.clock.setTimer(() => this.#tick(life), 100);
  }

  async #work(life: Life): Promise<void> {
    this.#isWorking = true;
    try {
      for (const letter of this.world.mail.get(this.self.deviceId) ?? []) {
        await this.#receive(life, letter);
        if (this.#life !== life) return;
      }
      for (const text of (await life.store.values(OUT)).values()) {
        await this.#transmit(life, v.parse(Outgoing, JSON.parse(text)));
        if (this.#life !== life) return;
      }
    } catch (error) {
      this.log.error("the test's device failed", { error });
    } finally {
      if (this.#life === life) this.#isWorking = false;
    }
  }

  async #transmit(life: Life, outgoing: Outgoing): Promise<void> {
    const { id, sequence, text } = outgoing;
    const everybody = [...this.world.lists.values()].flat();
    const recipients = everybody
      .filter(({ self }) => outgoing.waiting.includes(self.deviceId))
      .filter(({ self }) => !this.#sent.has(`${id}/${self.deviceId}`))
      .map(({ self }) => self);
    if (recipients.length === 0) return;
    const { conversationId, peer } = this;
    const plaintext = new TextEncoder().encode(text);
    const request = { conversationId, peer, recipients, id, sequence, plaintext };
    const { rollBacks } = life.journal;
    const sealed = await life.book.seal(request);
    if (sealed.kind === "not-ready") {
      await sealed.ready;
      return;
    }
    await life.journal.commit([]);
    // What was sealed before a commit that failed is void.
    if (this.#life !== life || life.journal.rollBacks !== rollBacks) return;
    const content = { kind: "message" as const, sealed: sealed.bytes };
    for (const { deviceId, userId } of recipients) {
      this.#sent.add(`${id}/${deviceId}`);
      const other = userId === this.self.userId ? peer : this.self.userId;
      const rest = { conversationId, id, sequence, content };
      this.world.send({ ...rest, from: this.self, to: deviceId, peer: other });
    }
  }

  async #receive(life: Life, letter: Letter): Promise<void> {
    switch (letter.content.kind) {
      case "delivered":
        await this.#acknowledged(life, letter);
        return;
      case "unreadable":
        life.book.unreadable(letter.conversationId, letter.from.deviceId, letter.id);
        this.#sent.delete(`${letter.id}/${letter.from.deviceId}`);
        this.world.take(letter);
        return;
      case "message":
        await this.#open(life, letter, letter.content.sealed);
    }
  }

  async #open(life: Life, letter: Letter, sealed: Uint8Array): Promise<void> {
    const { conversationId, from, id, peer, sequence } = letter;
    if ((await life.store.value(IN + id)) === undefined) {
      const header = {
        id,
        conversationId,
        from: from.deviceId,
        to: this.self.deviceId,
        sequence,
        after: 0,
      };
      const { rollBacks } = life.journal;
      const opened = await life.book.open({ header, from, peer, sealed });
      if (opened.kind === "behind") {
        await opened.ready;
        return;
      }
      if (opened.kind === "unreadable") {
        this.unreadable++;
        this.#answer(letter, "unreadable");
        return;
      }
      const value = new TextDecoder().decode(opened.plaintext);
      if (life.journal.rollBacks !== rollBacks) return;
      await life.journal.commit([{ type: "put-value", key: IN + id, value }]);
      if (this.#life !== life) return;
    }
    this.#answer(letter, "delivered");
  }

  #answer(letter: Letter, kind: "delivered" | "unreadable"): void {
    this.world.take(letter);
    this.world.send({ ...letter, from: this.self, to: letter.from.deviceId, content: { kind } });
  }

  async #acknowledged(life: Life, letter: Letter): Promise<void> {
    const text = await life.store.value(OUT + letter.id);
    if (text !== undefined) {
      const outgoing = v.parse(Outgoing, JSON.parse(text));
      const waiting = outgoing.waiting.filter((device) => device !== letter.from.deviceId);
      await life.store.commit([
        waiting.length === 0
          ? { type: "delete-value", key: OUT + letter.id }
          : this.#outgoing({ ...outgoing, waiting }),
      ]);
    }
    this.world.take(letter);
  }
}

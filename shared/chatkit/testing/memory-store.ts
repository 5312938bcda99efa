import type { ConversationId, MessageId } from "../../protocol/index.ts";
import type { StoreOpener } from "../ports.ts";
import {
  StoreError,
  type ConversationRecord,
  type MessagePage,
  type MessagePlace,
  type MessageRecord,
  type OutboxRecord,
  type Store,
  type StoreWrite,
} from "../store.ts";

/** What outlives one open store: the tables of an account. */
class Tables {
  readonly values = new Map<string, string>();
  readonly conversations = new Map<ConversationId, ConversationRecord>();
  readonly messages = new Map<MessageId, MessageRecord>();
  readonly outbox = new Map<MessageId, OutboxRecord>();
  open = false;
}

/**
 * Stores in memory, for tests and for hosts that keep nothing. What was committed is there when
 * the account is opened again. One store of an account can be open at a time.
 */
export class MemoryStores implements StoreOpener {
  readonly #accounts = new Map<string, Tables>();

  open(account: string): Promise<MemoryStore> {
    let tables = this.#accounts.get(account);
    if (tables === undefined) {
      tables = new Tables();
      this.#accounts.set(account, tables);
    }
    if (tables.open) {
      return Promise.reject(new StoreError("locked", "The account is open already."));
    }
    tables.open = true;
    return Promise.resolve(new MemoryStore(tables));
  }
}

export class MemoryStore implements Store {
  readonly #tables: Tables;
  #closed = false;
  /** Commits that will still fail: how a test makes the disk full. */
  failures = 0;
  /** Commits so far: how a test sees that several changes shared one. */
  commits = 0;

  constructor(tables: Tables = new Tables()) {
    this.#tables = tables;
  }

  async commit(writes: readonly StoreWrite[]): Promise<void> {
    await Promise.resolve();
    if (this.#closed) throw new StoreError("unknown", "The store is closed.");
    if (this.failures > 0) {
      this.failures--;
      throw new StoreError("full", "No space left.");
    }
    this.commits++;
    for (const write of writes) this.#apply(write);
  }

  #apply(write: StoreWrite): void {
    const tables = this.#tables;
    switch (write.type) {
      case "put-value":
        tables.values.set(write.key, write.value);
        return;
      case "delete-value":
        tables.values.delete(write.key);
        return;
      case "put-conversation":
        tables.conversations.set(write.conversation.conversationId, write.conversation);
        return;
      case "delete-conversation":
        tables.conversations.delete(write.id);
        return;
      case "put-message":
        tables.messages.set(write.message.id, write.message);
        return;
      case "delete-message":
        tables.messages.delete(write.id);
        return;
      case "put-outbox":
        tables.outbox.set(write.item.id, write.item);
        return;
      case "delete-outbox":
        tables.outbox.delete(write.id);
    }
  }

  async value(key: string): Promise<string | undefined> {
    return (await this.#read()).values.get(key);
  }

  async values(prefix: string): Promise<ReadonlyMap<string, string>> {
    const { values } = await this.#read();
    return new Map([...values].filter(([key]) => key.startsWith(prefix)));
  }

  async conversations(): Promise<readonly ConversationRecord[]> {
    return [...(await this.#read()).conversations.values()];
  }

  async message(id: MessageId): Promise<MessageRecord | undefined> {
    return (await this.#read()).messages.get(id);
  }

  async messagesOf(ids: readonly MessageId[]): Promise<readonly MessageRecord[]> {
    const { messages } = await this.#read();
    return ids.map((id) => messages.get(id)).filter((message) => message !== undefined);
  }

  async messages(
    conversationId: ConversationId,
    page: MessagePage,
  ): Promise<readonly MessageRecord[]> {
    return this.#page(page, (message) => message.conversationId === conversationId);
  }

  async files(
    conversationId: ConversationId,
    page: MessagePage,
  ): Promise<readonly MessageRecord[]> {
    return this.#page(
      page,
      (message) => message.conversationId === conversationId && message.body.type === "file",
    );
  }

  async #page(
    { before, after, limit }: MessagePage,
    isOfIt: (message: MessageRecord) => boolean,
  ): Promise<readonly MessageRecord[]> {
    const { messages } = await this.#read();
    const found = [...messages.values()]
      .filter(isOfIt)
      .filter((message) => before === undefined || message.order < before)
      .filter((message) => after === undefined || message.order > after)
      .toSorted((a, b) => (a.order < b.order ? -1 : 1));
    return after === undefined ? found.slice(-limit) : found.slice(0, limit);
  }

  async recent(options: {
    readonly before?: MessagePlace;
    readonly limit: number;
  }): Promise<readonly MessageRecord[]> {
    const { before, limit } = options;
    const { messages } = await this.#read();
    return [...messages.values()]
      .filter((message) => before === undefined || place(message) < place(before))
      .toSorted((a, b) => (place(a) < place(b) ? 1 : -1))
      .slice(0, limit);
  }

  async outbox(): Promise<readonly OutboxRecord[]> {
    return [...(await this.#read()).outbox.values()];
  }

  async #read(): Promise<Tables> {
    await Promise.resolve();
    if (this.#closed) throw new StoreError("unknown", "The store is closed.");
    return this.#tables;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#tables.open = false;
    return Promise.resolve();
  }
}

function place({ order, id }: MessagePlace): string {
  return `${order} ${id}`;
}

import type { ConversationId, MessageId } from "../../protocol/index.ts";
import type {
  ConversationRecord,
  MessagePage,
  MessagePlace,
  MessageRecord,
  OutboxRecord,
  Store,
  StoreWrite,
} from "../store.ts";

/** A store that tells what was committed to it, whoever did. */
export class WatchedStore implements Store {
  readonly #store: Store;
  #watch: ((writes: readonly StoreWrite[]) => void) | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param watch called when a commit is durable; never throws */
  onCommitted(watch: (writes: readonly StoreWrite[]) => void): void {
    this.#watch = watch;
  }

  async commit(writes: readonly StoreWrite[]): Promise<void> {
    await this.#store.commit(writes);
    this.#watch?.(writes);
  }

  value(key: string): Promise<string | undefined> {
    return this.#store.value(key);
  }
  values(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#store.values(prefix);
  }
  conversations(): Promise<readonly ConversationRecord[]> {
    return this.#store.conversations();
  }
  message(id: MessageId): Promise<MessageRecord | undefined> {
    return this.#store.message(id);
  }
  messagesOf(ids: readonly MessageId[]): Promise<readonly MessageRecord[]> {
    return this.#store.messagesOf(ids);
  }
  messages(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    return this.#store.messages(conversationId, page);
  }
  files(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    return this.#store.files(conversationId, page);
  }
  recent(options: {
    readonly before?: MessagePlace;
    readonly limit: number;
  }): Promise<readonly MessageRecord[]> {
    return this.#store.recent(options);
  }
  outbox(): Promise<readonly OutboxRecord[]> {
    return this.#store.outbox();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

import type { ConversationId, MessageId } from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { RETENTION_SWEEP_MS } from "../limits.ts";
import type { Clock, Log, Timer } from "../ports.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import { orderAt } from "./order-at.ts";

/** Messages deleted in one commit: other work gets its turn in between. */
const SLICE = 500;

export interface RemovalOptions {
  readonly store: Store;
  readonly book: ConversationBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  /** Takes its turn with all that reads messages and writes them again. */
  readonly exclusive: (work: () => Promise<void>) => Promise<void>;
  /** What is on its way goes on, and is written into the history no more. */
  readonly hide: (id: MessageId) => void;
  /** Deletes what is here of a message's file. */
  readonly deleteFile: (id: MessageId) => Promise<void>;
  readonly onRemoved: (conversationId: ConversationId, ids: readonly MessageId[]) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
}

/** Deletes messages here: one by one, a whole conversation, or by their age (SPEC HI5 to HI7). */
export class Removal {
  readonly #options: RemovalOptions;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Deletes what is too old, now and every hour. */
  start(): void {
    this.sweep().catch((error: unknown) => {
      this.#options.log.error("old messages were not deleted", { error });
    });
    this.#timer = this.#options.clock.setTimer(() => this.start(), RETENTION_SWEEP_MS);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** @throws StoreError */
  async deleteHere(ids: readonly MessageId[]): Promise<void> {
    const { store } = this.#options;
    const known = await store.messagesOf([...new Set(ids)]);
    const byConversation = Map.groupBy(known, ({ conversationId }) => conversationId);
    for (const [conversationId, records] of byConversation) {
      for (let at = 0; at < records.length; at += SLICE) {
        await this.#remove(conversationId, records.slice(at, at + SLICE));
      }
    }
  }

  /** @throws StoreError */
  async clear(conversationId: ConversationId): Promise<void> {
    const { book, commit, onConversationChanged } = this.#options;
    // What comes meanwhile stays.
    const last = book.get(conversationId)?.record.last;
    if (last === undefined) return;
    await this.#removeBefore(conversationId, `${last.order}~`);
    const write = book.cleared(conversationId, last.order);
    if (write !== undefined) await commit([write]);
    onConversationChanged(conversationId);
  }

  /** Deletes in every conversation what is older than it keeps. @throws StoreError */
  async sweep(): Promise<void> {
    const { book, clock } = this.#options;
    for (const { record } of book.list()) {
      const { keepMs } = record.settings ?? {};
      if (keepMs === undefined) continue;
      await this.#removeBefore(record.conversationId, orderAt(clock.now() - keepMs));
    }
  }

  async #removeBefore(conversationId: ConversationId, before: string): Promise<void> {
    while (!this.#closed) {
      const page = await this.#options.store.messages(conversationId, {
        after: "",
        before,
        limit: SLICE,
      });
      if (page.length === 0) return;
      await this.#remove(conversationId, page);
    }
  }

  async #remove(conversationId: ConversationId, records: readonly MessageRecord[]): Promise<void> {
    const { book, commit, deleteFile, exclusive, hide, log, store } = this.#options;
    const ids = new Set(records.map(({ id }) => id));
    for (const { body, id } of records) {
      if (body.type !== "file") continue;
      try {
        await deleteFile(id);
      } catch (error) {
        // Its message goes all the same: what is left is a file that nothing leads to.
        log.warn("a file was not deleted with its message", { error });
      }
    }
    await exclusive(async () => {
      for (const id of ids) hide(id);
      const shown = book.removed(conversationId, records);
      await commit([
        ...[...ids].map((id): StoreWrite => ({ type: "delete-message", id })),
        ...(shown === undefined ? [] : [shown]),
      ]);
      const last = (await store.messages(conversationId, { limit: 1 })).at(-1);
      const write = last && book.endsWith(last);
      if (write !== undefined) await commit([write]);
    });
    this.#options.onRemoved(conversationId, [...ids]);
    this.#options.onConversationChanged(conversationId);
  }
}

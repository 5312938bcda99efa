import type { ConversationId, MessageId } from "../../protocol/index.ts";
import { toMessage, type Account } from "../account.ts";
import { ChatKitError, type Message } from "../api.ts";
import { calling } from "../calling.ts";
import type { ArchiveApi, SearchHit, SearchOptions, SearchPage } from "./history-api.ts";
import { HistoryError, type HistoryRecords } from "./history-records.ts";
import type { Merged } from "./merging.ts";
import { textOf } from "./message-text.ts";
import { needlesOf, rangesOf } from "./words.ts";

const HITS = 30;
const MAX_HITS = 200;
const FILES = 50;
const MAX_FILES = 1_000;

/** The history as hosts use it, beyond reading it. */
export class ArchiveCalls implements ArchiveApi {
  readonly #open: () => Account;

  /** @param open throws ChatKitError not-open where no account is */
  constructor(open: () => Account) {
    this.#open = open;
  }

  /** `ChatKitApi.search`. */
  search(query: string, options: SearchOptions = {}): Promise<SearchPage> {
    return calling(async () => {
      const { live, search } = this.#open().history;
      const { before, limit = HITS, ...filter } = options;
      const { found, next } = await search.find(query, filter, {
        before,
        limit: Math.min(Math.max(Math.trunc(limit), 1), MAX_HITS),
      });
      const needles = needlesOf(query);
      const hits = found.map((record): SearchHit => {
        const text = textOf(record.body);
        return { message: toMessage(live(record)), text, ranges: rangesOf(text, needles) };
      });
      return next === undefined ? { hits } : { hits, next };
    });
  }

  prepareSearch(): Promise<void> {
    return calling(() => this.#open().history.search.prepare());
  }

  files(
    conversationId: ConversationId,
    options: { readonly before?: string; readonly limit?: number } = {},
  ): Promise<readonly Message[]> {
    return calling(async () => {
      const { live, store } = this.#open().history;
      const { limit = FILES } = options;
      const page = await store.files(conversationId, {
        ...options,
        limit: Math.min(Math.max(Math.trunc(limit), 1), MAX_FILES),
      });
      return page.map((record) => toMessage(live(record)));
    });
  }

  deleteHere(messageIds: readonly MessageId[]): Promise<void> {
    return calling(() => this.#open().history.removal.deleteHere(messageIds));
  }

  clear(conversationId: ConversationId): Promise<void> {
    return calling(() => this.#known(conversationId).history.removal.clear(conversationId));
  }

  keepFor(conversationId: ConversationId, ms: number | undefined): Promise<void> {
    return calling(async () => {
      const account = this.#known(conversationId);
      const write = account.book.configure(conversationId, { keepMs: ms ?? 0 });
      if (write !== undefined) await account.commit([write]);
      account.conversationChanged(conversationId);
      await account.history.removal.sweep();
    });
  }

  records(conversationIds?: readonly ConversationId[]): HistoryRecords {
    return this.#open().history.merging.records(conversationIds);
  }

  merge(records: HistoryRecords): Promise<Merged> {
    return calling(async () => {
      try {
        return await this.#open().history.merging.merge(records);
      } catch (error) {
        throw error instanceof HistoryError ? asChatKitError(error) : error;
      }
    });
  }

  #known(conversationId: ConversationId): Account {
    const account = this.#open();
    if (account.book.get(conversationId) === undefined) {
      throw new ChatKitError("no-such-conversation", "There is no such conversation.");
    }
    return account;
  }
}

const reasons = {
  "not-a-history": "not-a-history",
  "newer-version": "newer-history",
  damaged: "damaged-history",
  "other-account": "other-account",
  "wrong-passphrase": "wrong-passphrase",
} as const;

/** What is wrong with a history's file, as hosts tell it. */
export function asChatKitError(error: HistoryError): ChatKitError {
  return new ChatKitError(reasons[error.reason], error.message, { cause: error });
}

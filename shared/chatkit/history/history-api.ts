import type { ConversationId, MessageId, UserId } from "../../protocol/index.ts";
import type { Message } from "../api.ts";
import type { MessagePlace } from "../store.ts";
import type { HistoryRecords } from "./history-records.ts";
import type { Merged } from "./merging.ts";
import type { TextRange } from "./words.ts";

/** Which messages `search` looks through; all without. Times in ms since the epoch. */
export interface SearchOptions {
  readonly conversationId?: ConversationId;
  readonly from?: UserId;
  readonly hasFile?: boolean;
  readonly since?: number;
  readonly until?: number;
  /** `next` of the page before. */
  readonly before?: MessagePlace;
  /** Hits of one page: 30 unless said, 200 at most. */
  readonly limit?: number;
}

export interface SearchHit {
  readonly message: Message;
  /** What was found in: its text, or its file's name and caption. */
  readonly text: string;
  readonly ranges: readonly TextRange[];
}

export interface SearchPage {
  /** Newest first. There may be fewer than `limit`, or none, although there is a `next`. */
  readonly hits: readonly SearchHit[];
  /** Where the next page begins; absent where everything was looked through. */
  readonly next?: MessagePlace;
}

/** What a person does with what was said: `ChatKitApi.archive`. */
export interface ArchiveApi {
  /**
   * Makes the search ready: reads the history in the background, little by little. What was not read
   * yet is read by the search itself. Resolves when all is ready, or the account was closed.
   */
  prepareSearch(): Promise<void>;
  /** Messages with files, in order: the last `limit` (default 50) before `before`. */
  files(
    conversationId: ConversationId,
    options?: { readonly before?: string; readonly limit?: number },
  ): Promise<readonly Message[]>;
  /**
   * Deletes messages here, with their files; others keep theirs, and what is on its way still goes.
   * What is unknown is passed over.
   */
  deleteHere(messageIds: readonly MessageId[]): Promise<void>;
  /** Deletes all that is here of a conversation; it stays in the list of whoever is in it. */
  clear(conversationId: ConversationId): Promise<void>;
  /** Messages older than that are deleted here, now and from now on; undefined keeps them. */
  keepFor(conversationId: ConversationId, ms: number | undefined): Promise<void>;
  /**
   * The history as it is put into files: `historyText` writes it as JSON, `sealBackup` encrypts it.
   * Read from the store while it is taken. @throws ChatKitError not-open
   */
  records(conversationIds?: readonly ConversationId[]): HistoryRecords;
  /**
   * Puts messages of a file into the history, each once. What is here stays as it is.
   * @throws ChatKitError other-account, damaged-history, store-failed, and what reading it throws
   */
  merge(records: HistoryRecords): Promise<Merged>;
}

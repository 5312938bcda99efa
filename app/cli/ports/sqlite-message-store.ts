import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import * as v from "valibot";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { StoreOpener } from "../../../shared/chatkit/ports.ts";
import {
  StoreError,
  type ConversationRecord,
  type MessagePage,
  type MessagePlace,
  type MessageRecord,
  type OutboxRecord,
  type Store,
  type StoreWrite,
} from "../../../shared/chatkit/store.ts";
import type { ConversationId, MessageId } from "../../../shared/protocol/index.ts";
import { storeErrorOf } from "./sqlite-errors.ts";
import { prepareDatabase } from "./sqlite-schema.ts";
import { readConversation, readMessage, readOutboxItem } from "./stored-records.ts";

/**
 * Opens histories as SQLite files below `dataFolder`, one per account, readable by their owner
 * alone. A file belongs to one process at a time; a second one gets StoreError `locked`.
 */
export function createSqliteStores(dataFolder: string): StoreOpener {
  return {
    open: async (account) => openStore(dataFolder, account),
  };
}

function openStore(dataFolder: string, account: string): Store {
  const folder = join(dataFolder, "accounts");
  const file = join(folder, fileNameOf(account));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    createPrivately(file);
    const database = new DatabaseSync(file);
    try {
      prepareDatabase(database);
      return new SqliteMessageStore(database, file);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeErrorOf(error, file);
  }
}

/** Sorts after every place. */
const AFTER_ALL = "~";

/** Readable for people who look into the folder, unique by the hash, safe on every file system. */
function fileNameOf(account: string): string {
  const readable = account.replaceAll(/[^A-Za-z0-9.-]+/g, "_").slice(0, 60);
  const hash = createHash("sha256").update(account).digest("hex").slice(0, 16);
  return `${readable}-${hash}.sqlite`;
}

/**
 * SQLite would create the file by the umask. An existing one is not opened here: closing it would
 * end the locks that this process may hold on it (fcntl(2), F_SETLK).
 */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

class SqliteMessageStore implements Store {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #statements: Statements;
  #open = true;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    this.#statements = prepareStatements(database);
  }

  commit(writes: readonly StoreWrite[]): Promise<void> {
    return this.#run(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        for (const write of writes) this.#apply(write);
        this.#database.exec("COMMIT");
      } catch (error) {
        // A full disk has ended the transaction already.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #apply(write: StoreWrite): void {
    const statements = this.#statements;
    switch (write.type) {
      case "put-value":
        statements.putValue.run(write.key, write.value);
        return;
      case "delete-value":
        statements.deleteValue.run(write.key);
        return;
      case "put-conversation": {
        const { conversation } = write;
        statements.putConversation.run(conversation.conversationId, JSON.stringify(conversation));
        return;
      }
      case "delete-conversation":
        statements.deleteConversation.run(write.id);
        return;
      case "put-message": {
        const { id, conversationId, order } = write.message;
        statements.putMessage.run(id, conversationId, order, JSON.stringify(write.message));
        return;
      }
      case "delete-message":
        statements.deleteMessage.run(write.id);
        return;
      case "put-outbox":
        statements.putOutbox.run(write.item.id, JSON.stringify(write.item));
        return;
      case "delete-outbox":
        statements.deleteOutbox.run(write.id);
        return;
      default:
        assertNever(write);
    }
  }

  value(key: string): Promise<string | undefined> {
    return this.#run(() => {
      const row = this.#statements.value.get(key);
      return row === undefined ? undefined : text(row["value"]);
    });
  }

  values(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#run(() => {
      const found = new Map<string, string>();
      // Keys are in the order of their bytes: those with the prefix are neighbours.
      for (const row of this.#statements.valuesFrom.iterate(prefix)) {
        const key = text(row["key"]);
        if (!key.startsWith(prefix)) break;
        found.set(key, text(row["value"]));
      }
      return found;
    });
  }

  conversations(): Promise<readonly ConversationRecord[]> {
    return this.#run(() =>
      this.#statements.conversations.all().map((row) => readConversation(row["record"])),
    );
  }

  message(id: MessageId): Promise<MessageRecord | undefined> {
    return this.#run(() => {
      const row = this.#statements.message.get(id);
      return row === undefined ? undefined : readMessage(row["record"]);
    });
  }

  messagesOf(ids: readonly MessageId[]): Promise<readonly MessageRecord[]> {
    return this.#run(() =>
      ids
        .map((id) => this.#statements.message.get(id))
        .filter((row) => row !== undefined)
        .map((row) => readMessage(row["record"])),
    );
  }

  messages(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    const { lastMessages, firstMessages } = this.#statements;
    return this.#page(conversationId, page, lastMessages, firstMessages);
  }

  files(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    const { lastFiles, firstFiles } = this.#statements;
    return this.#page(conversationId, page, lastFiles, firstFiles);
  }

  #page(
    conversationId: ConversationId,
    { before = AFTER_ALL, after, limit }: MessagePage,
    last: StatementSync,
    first: StatementSync,
  ): Promise<readonly MessageRecord[]> {
    return this.#run(() => {
      const rows =
        after === undefined
          ? last.all(conversationId, before, limit).toReversed()
          : first.all(conversationId, after, before, limit);
      return rows.map((row) => readMessage(row["record"]));
    });
  }

  recent(options: {
    readonly before?: MessagePlace;
    readonly limit: number;
  }): Promise<readonly MessageRecord[]> {
    const { before = { order: AFTER_ALL, id: "" }, limit } = options;
    return this.#run(() =>
      this.#statements.recent
        .all(before.order, before.id, limit)
        .map((row) => readMessage(row["record"])),
    );
  }

  outbox(): Promise<readonly OutboxRecord[]> {
    return this.#run(() =>
      this.#statements.outbox.all().map((row) => readOutboxItem(row["record"])),
    );
  }

  /** Runs before it returns, so that calls take effect in their order. Rejects with StoreError. */
  async #run<T>(use: () => T): Promise<T> {
    if (!this.#open) throw new StoreError("unknown", "The store is closed.");
    try {
      return use();
    } catch (error) {
      throw storeErrorOf(error, this.#file);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#database.close();
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    putValue: prepare(
      "INSERT INTO value VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    deleteValue: prepare("DELETE FROM value WHERE key = ?"),
    putConversation: prepare(
      "INSERT INTO conversation VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
    ),
    deleteConversation: prepare("DELETE FROM conversation WHERE id = ?"),
    putMessage: prepare(
      `INSERT INTO message VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       conversation = excluded.conversation, place = excluded.place, record = excluded.record`,
    ),
    deleteMessage: prepare("DELETE FROM message WHERE id = ?"),
    putOutbox: prepare(
      `INSERT INTO outbox (id, record) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    ),
    deleteOutbox: prepare("DELETE FROM outbox WHERE id = ?"),
    value: prepare("SELECT value FROM value WHERE key = ?"),
    valuesFrom: prepare("SELECT key, value FROM value WHERE key >= ? ORDER BY key"),
    conversations: prepare("SELECT record FROM conversation"),
    message: prepare("SELECT record FROM message WHERE id = ?"),
    lastMessages: prepare(
      `SELECT record FROM message WHERE conversation = ? AND place < ?
       ORDER BY place DESC LIMIT ?`,
    ),
    firstMessages: prepare(
      `SELECT record FROM message WHERE conversation = ? AND place > ? AND place < ?
       ORDER BY place LIMIT ?`,
    ),
    lastFiles: prepare(
      `SELECT record FROM message WHERE conversation = ? AND place < ?
       AND json_extract(record, '$.body.type') = 'file' ORDER BY place DESC LIMIT ?`,
    ),
    firstFiles: prepare(
      `SELECT record FROM message WHERE conversation = ? AND place > ? AND place < ?
       AND json_extract(record, '$.body.type') = 'file' ORDER BY place LIMIT ?`,
    ),
    recent: prepare(
      `SELECT record FROM message WHERE (place, id) < (?, ?)
       ORDER BY place DESC, id DESC LIMIT ?`,
    ),
    outbox: prepare("SELECT record FROM outbox ORDER BY position"),
  };
}

function text(value: unknown): string {
  return v.parse(v.string(), value);
}

import { Dexie, type Table } from "dexie";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { Log, StoreOpener } from "../../../shared/chatkit/ports.ts";
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
import { lockAccount } from "./account-lock.ts";
import { storeErrorOf } from "./dexie-errors.ts";

interface ValueRow {
  readonly key: string;
  readonly value: string;
}

interface OutboxRow {
  /** Given by the database; only ever grows, so that an item put again goes to the end. */
  readonly position: number;
  readonly id: MessageId;
  readonly item: OutboxRecord;
}

/** Version of the tables below. A new one is a new line in the constructor; the older ones stay. */
const SCHEMA_VERSION = 2;

/** Opens histories in IndexedDB, a database for each account, one window at a time. */
export function createDexieStores(log: Log): StoreOpener {
  return {
    async open(account) {
      const name = `beeline:${account}`;
      const unlock = await lockAccount(name, log);
      const database = new HistoryDatabase(name);
      try {
        await openDatabase(database);
      } catch (error) {
        database.close();
        unlock();
        throw storeErrorOf(error);
      }
      database.on("versionchange", () => {
        log.warn("another window needs a newer history: this one lets go of it");
        database.close();
      });
      const store = new DexieStore(database, unlock);
      // Fires for one's own closing too.
      database.on("close", () => {
        if (!store.disposed) log.error("the browser closed the history", { account });
      });
      return store;
    },
  };
}

class HistoryDatabase extends Dexie {
  readonly values: Table<ValueRow, string>;
  readonly conversations: Table<ConversationRecord, ConversationId>;
  readonly messages: Table<MessageRecord, MessageId>;
  readonly outbox: Table<OutboxRow, number, Omit<OutboxRow, "position">>;

  constructor(name: string) {
    // Strict: a commit is on disk when it resolves, in the browsers that can (Chromium, Firefox).
    super(name, { autoOpen: false, chromeTransactionDurability: "strict", cache: "disabled" });
    this.version(1).stores({
      values: "key",
      conversations: "conversationId",
      messages: "id, [conversationId+order]",
      outbox: "++position, &id",
    });
    // The browser fills the new indices with what is there.
    this.version(SCHEMA_VERSION).stores({
      messages: "id, [conversationId+order], [conversationId+body.type+order], [order+id]",
    });
    this.values = this.table("values");
    this.conversations = this.table("conversations");
    this.messages = this.table("messages");
    this.outbox = this.table("outbox");
  }
}

/**
 * @throws StoreError locked where an older window keeps the database from being upgraded, unknown
 * for a history of a newer Beeline
 */
async function openDatabase(database: HistoryDatabase): Promise<void> {
  const blocked = Promise.withResolvers<never>();
  database.on("blocked", () =>
    blocked.reject(
      new StoreError("locked", "Close the other windows of Beeline: its history is upgraded."),
    ),
  );
  await Promise.race([database.open(), blocked.promise]);
  // Dexie multiplies its version by 10 for IndexedDB, and opens newer ones without a word.
  if (database.backendDB().version >= (SCHEMA_VERSION + 1) * 10) {
    throw new StoreError("unknown", "The history was written by a newer version: reload.");
  }
}

class DexieStore implements Store {
  readonly #database: HistoryDatabase;
  readonly #unlock: () => void;
  disposed = false;

  constructor(database: HistoryDatabase, unlock: () => void) {
    this.#database = database;
    this.#unlock = unlock;
  }

  commit(writes: readonly StoreWrite[]): Promise<void> {
    return this.#run((database) =>
      database.transaction("rw", database.tables, async () => {
        for (const write of writes) await apply(database, write);
      }),
    );
  }

  value(key: string): Promise<string | undefined> {
    return this.#run(async ({ values }) => (await values.get(key))?.value);
  }

  values(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#run(async ({ values }) => {
      const rows = await values.where("key").startsWith(prefix).toArray();
      return new Map(rows.map(({ key, value }) => [key, value]));
    });
  }

  conversations(): Promise<readonly ConversationRecord[]> {
    return this.#run(({ conversations }) => conversations.toArray());
  }

  message(id: MessageId): Promise<MessageRecord | undefined> {
    return this.#run(({ messages }) => messages.get(id));
  }

  messagesOf(ids: readonly MessageId[]): Promise<readonly MessageRecord[]> {
    return this.#run(async ({ messages }) => {
      const found = await messages.bulkGet([...ids]);
      return found.filter((message) => message !== undefined);
    });
  }

  messages(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    return this.#page("[conversationId+order]", [conversationId], page);
  }

  files(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]> {
    return this.#page("[conversationId+body.type+order]", [conversationId, "file"], page);
  }

  /** @param start of the index's keys, before the order */
  #page(
    index: string,
    start: readonly string[],
    { before, after, limit }: MessagePage,
  ): Promise<readonly MessageRecord[]> {
    return this.#run(async ({ messages }) => {
      const lower = [...start, after ?? Dexie.minKey];
      const upper = [...start, before ?? Dexie.maxKey];
      if (after !== undefined && before !== undefined && after >= before) return [];
      const range = messages.where(index).between(lower, upper, after === undefined, false);
      if (after !== undefined) return await range.limit(limit).toArray();
      // oxlint-disable-next-line unicorn/no-array-reverse -- a Dexie collection, not an array
      return (await range.reverse().limit(limit).toArray()).toReversed();
    });
  }

  recent(options: {
    readonly before?: MessagePlace;
    readonly limit: number;
  }): Promise<readonly MessageRecord[]> {
    const { before, limit } = options;
    return this.#run(async ({ messages }) => {
      const upper = before === undefined ? [Dexie.maxKey] : [before.order, before.id];
      const range = messages.where("[order+id]").below(upper);
      // oxlint-disable-next-line unicorn/no-array-reverse -- a Dexie collection, not an array
      return await range.reverse().limit(limit).toArray();
    });
  }

  outbox(): Promise<readonly OutboxRecord[]> {
    return this.#run(async ({ outbox }) => {
      const rows = await outbox.orderBy("position").toArray();
      return rows.map(({ item }) => item);
    });
  }

  async #run<T>(operation: (database: HistoryDatabase) => PromiseLike<T>): Promise<T> {
    if (!this.#database.isOpen()) throw new StoreError("unknown", "The store is closed.");
    try {
      return await operation(this.#database);
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    this.#database.close();
    this.#unlock();
  }
}

async function apply(database: HistoryDatabase, write: StoreWrite): Promise<void> {
  switch (write.type) {
    case "put-value":
      await database.values.put({ key: write.key, value: write.value });
      return;
    case "delete-value":
      await database.values.delete(write.key);
      return;
    case "put-conversation":
      await database.conversations.put(write.conversation);
      return;
    case "delete-conversation":
      await database.conversations.delete(write.id);
      return;
    case "put-message":
      await database.messages.put(write.message);
      return;
    case "delete-message":
      await database.messages.delete(write.id);
      return;
    case "put-outbox": {
      const { item } = write;
      const row = { id: item.id, item };
      const [position] = await database.outbox.where("id").equals(item.id).primaryKeys();
      if (position === undefined) await database.outbox.add(row);
      else await database.outbox.update(position, row);
      return;
    }
    case "delete-outbox":
      await database.outbox.where("id").equals(write.id).delete();
      return;
    default:
      assertNever(write);
  }
}

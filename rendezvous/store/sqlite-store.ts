import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { lockDataFolder } from "./data-folder-lock.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrations.ts";
import type { SqliteContext } from "./rows.ts";
import { sqliteAccounts } from "./sqlite-accounts.ts";
import { sqliteAudit } from "./sqlite-audit.ts";
import { backUp, checkDatabase } from "./sqlite-care.ts";
import { sqliteConversations } from "./sqlite-conversations.ts";
import { sqliteDeviceLogs } from "./sqlite-device-logs.ts";
import { sqliteDevices } from "./sqlite-devices.ts";
import { toStoreError } from "./sqlite-error.ts";
import { sqliteGroups } from "./sqlite-groups.ts";
import { sqliteInvites } from "./sqlite-invites.ts";
import { sqliteKeyPackages } from "./sqlite-key-packages.ts";
import { sqliteMailbox } from "./sqlite-mailbox.ts";
import { sqliteRoster } from "./sqlite-roster.ts";
import { sqliteSecrets } from "./sqlite-secrets.ts";
import { StoreError } from "./store.ts";
import type { Store } from "./store.ts";

/** WAL pages before a checkpoint: 16 MiB, for each checkpoint costs two more fsyncs. */
const CHECKPOINT_PAGES = 4096;

export interface SqliteStore extends Store {
  /** True where another process has written since the last call. */
  changedElsewhere(): boolean;
}

export interface SqliteStoreOptions {
  /**
   * `server` (default) makes this the only server of the data folder; `command` works beside a
   * running one.
   */
  readonly access?: "server" | "command";
  /** How long a write waits for another process (a command beside the server) to end its own. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the store in `file` (or ":memory:"), made and migrated as needed.
 * @throws StoreError unwritable, damaged, newer-version, locked
 */
export async function openSqliteStore(
  file: string,
  { access = "server", busyTimeoutMs = 5000 }: SqliteStoreOptions = {},
): Promise<SqliteStore> {
  const opened = new DisposableStack();
  try {
    const inMemory = file === ":memory:";
    if (!inMemory) createPrivately(file);
    if (!inMemory && access === "server") opened.use(lockDataFolder(`${file}.lock`));
    const db = opened.use(new DatabaseSync(file, { timeout: busyTimeoutMs }));
    db.exec(`
      PRAGMA foreign_keys = ON;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
    `);
    migrate(db);
    return assemble(db, file, opened.move());
  } catch (error) {
    opened.dispose();
    throw toStoreError(error);
  }
}

/** @throws StoreError unwritable */
function createPrivately(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    throw new StoreError("unwritable", `${file} cannot be written.`, { cause: error });
  }
}

function assemble(db: DatabaseSync, file: string, opened: DisposableStack): SqliteStore {
  const commits = opened.use(new GroupCommit(db));
  const context: SqliteContext = {
    db,
    commits,
    read: async (step) => {
      try {
        return step();
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
  const dataVersion = db.prepare("PRAGMA data_version");
  let seenVersion = dataVersion.get()?.["data_version"];

  return {
    accounts: sqliteAccounts(context),
    devices: sqliteDevices(context),
    deviceLogs: sqliteDeviceLogs(context),
    secrets: sqliteSecrets(context),
    keyPackages: sqliteKeyPackages(context),
    groups: sqliteGroups(context),
    conversations: sqliteConversations(context),
    roster: sqliteRoster(context),
    mailbox: sqliteMailbox(context),
    invites: sqliteInvites(context),
    audit: sqliteAudit(context),
    changedElsewhere: () => {
      const version = dataVersion.get()?.["data_version"];
      const changed = version !== seenVersion;
      seenVersion = version;
      return changed;
    },
    backup: (targetFile) => {
      commits.flush();
      return backUp(db, file, targetFile);
    },
    check: () => context.read(() => checkDatabase(db)),
    async [Symbol.asyncDispose]() {
      opened.dispose();
    },
  };
}

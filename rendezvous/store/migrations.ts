import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store.ts";

/** Marks a file as Beeline's (SQLite `application_id`): the letters "BeeL". */
const APPLICATION_ID = 0x4265654c;

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * In order, never edited once released: a change is a new migration.
 *
 * Rows refer to accounts and devices by `seq`, a small integer, and not by their 22-character ids.
 *
 * A mailbox row's `key` is the device's `seq` in the upper 32 bits and the position in the lower:
 * one device's envelopes lie together, and a position tells nobody how busy the server is. A row
 * without an envelope remembers an id. `id_hash` keeps the index of ids small, for it is the one
 * that is written at random places. No foreign key, for it would cost a look-up per envelope: a
 * deposit has just read its device in the same transaction, and a device's removal empties it.
 *
 * A Welcome is kept once, however many devices it lets in; `welcome_devices` names the newest of
 * each device and group. One that nobody needs any more goes with age.
 */
const migrations: readonly Migration[] = [
  {
    number: 1,
    name: "accounts, devices, sessions, roster, mailbox, invites",
    sql: `
      CREATE TABLE accounts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id TEXT NOT NULL UNIQUE,
        user_name TEXT NOT NULL,
        canonical_name TEXT NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        credential TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        show TEXT NOT NULL DEFAULT 'online',
        status_text TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL,
        last_seen INTEGER
      ) STRICT;

      CREATE TABLE devices (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        device_id TEXT NOT NULL UNIQUE,
        account INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        name TEXT NOT NULL,
        public_key TEXT NOT NULL,
        last_seen INTEGER NOT NULL,
        mailbox_last INTEGER NOT NULL DEFAULT 0,
        mailbox_first INTEGER NOT NULL DEFAULT 1,
        mailbox_bytes INTEGER NOT NULL DEFAULT 0,
        mailbox_count INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX devices_account ON devices (account);

      CREATE TABLE sessions (
        token_hash BLOB NOT NULL PRIMARY KEY,
        device INTEGER NOT NULL REFERENCES devices (seq) ON DELETE CASCADE,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX sessions_device ON sessions (device);
      CREATE INDEX sessions_expiry ON sessions (expires_at);

      CREATE TABLE roster (
        owner INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        peer INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        state TEXT NOT NULL,
        nickname TEXT NOT NULL,
        group_name TEXT NOT NULL,
        PRIMARY KEY (owner, peer)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX roster_peer ON roster (peer);

      CREATE TABLE mailbox (
        key INTEGER PRIMARY KEY,
        id_hash INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        from_user TEXT NOT NULL,
        from_device TEXT NOT NULL,
        stored_at INTEGER NOT NULL,
        envelope BLOB
      ) STRICT;
      CREATE INDEX mailbox_ids ON mailbox (key >> 32, id_hash);
      CREATE INDEX mailbox_age ON mailbox (stored_at);
      CREATE TABLE mailbox_salt (salt BLOB NOT NULL) STRICT;
      INSERT INTO mailbox_salt VALUES (randomblob(16));

      CREATE TABLE invites (
        seq INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        uses_left INTEGER NOT NULL CHECK (uses_left > 0)
      ) STRICT;
    `,
  },
  {
    number: 2,
    name: "audit log; invitations by hash",
    // Whoever reads the disk shall not register with what is there: codes made before are void.
    sql: `
      DROP TABLE invites;
      CREATE TABLE invites (
        seq INTEGER PRIMARY KEY,
        code_hash BLOB NOT NULL UNIQUE,
        label TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        uses_left INTEGER NOT NULL CHECK (uses_left > 0)
      ) STRICT;

      CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        address TEXT,
        action TEXT NOT NULL,
        subject TEXT,
        detail TEXT
      ) STRICT;
      CREATE INDEX audit_at ON audit (at);
    `,
  },
  {
    number: 3,
    name: "device lists, key packages, MLS groups",
    sql: `
      CREATE TABLE device_lists (
        account INTEGER PRIMARY KEY REFERENCES accounts (seq) ON DELETE CASCADE,
        length INTEGER NOT NULL,
        list BLOB NOT NULL
      ) STRICT;
      CREATE TABLE device_statements (
        account INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        statement BLOB NOT NULL,
        PRIMARY KEY (account, position)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE key_packages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        device INTEGER NOT NULL REFERENCES devices (seq) ON DELETE CASCADE,
        last_resort INTEGER NOT NULL,
        package_hash BLOB NOT NULL,
        package BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX key_packages_last_resort ON key_packages (device) WHERE last_resort;
      CREATE UNIQUE INDEX key_packages_hash ON key_packages (device, package_hash);

      CREATE TABLE groups (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id TEXT NOT NULL UNIQUE,
        epoch INTEGER NOT NULL,
        group_info BLOB NOT NULL
      ) STRICT;
      CREATE TABLE group_members (
        account INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        in_group INTEGER NOT NULL REFERENCES groups (seq) ON DELETE CASCADE,
        PRIMARY KEY (account, in_group)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX group_members_group ON group_members (in_group);
      -- A conversation of two that has lost one of them is nobody's any more.
      CREATE TRIGGER group_without_member AFTER DELETE ON group_members BEGIN
        DELETE FROM groups WHERE seq = OLD.in_group;
      END;
      CREATE TABLE group_commits (
        seq INTEGER PRIMARY KEY,
        in_group INTEGER NOT NULL REFERENCES groups (seq) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        stored_at INTEGER NOT NULL,
        size INTEGER NOT NULL,
        commit_bytes BLOB NOT NULL
      ) STRICT;
      CREATE INDEX group_commits_epoch ON group_commits (in_group, epoch, size);
      CREATE INDEX group_commits_age ON group_commits (stored_at);
      CREATE TABLE welcomes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        in_group INTEGER NOT NULL REFERENCES groups (seq) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        stored_at INTEGER NOT NULL,
        welcome BLOB NOT NULL
      ) STRICT;
      CREATE INDEX welcomes_group ON welcomes (in_group);
      CREATE INDEX welcomes_age ON welcomes (stored_at);
      CREATE TABLE welcome_devices (
        device INTEGER NOT NULL REFERENCES devices (seq) ON DELETE CASCADE,
        in_group INTEGER NOT NULL REFERENCES groups (seq) ON DELETE CASCADE,
        welcome INTEGER NOT NULL REFERENCES welcomes (seq) ON DELETE CASCADE,
        PRIMARY KEY (device, in_group)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX welcome_devices_group ON welcome_devices (in_group);
      CREATE INDEX welcome_devices_welcome ON welcome_devices (welcome);
    `,
  },
  {
    number: 4,
    name: "device keys, OPAQUE",
    // Devices had other keys, and their ids were not made of them: all sign in anew.
    sql: `
      DELETE FROM mailbox;
      DELETE FROM devices;
      DROP TABLE sessions;
      ALTER TABLE devices ADD COLUMN added_at INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE devices ADD COLUMN session_ends INTEGER;

      CREATE TABLE secrets (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
    `,
  },
  {
    number: 5,
    name: "addresses hidden from some buddies",
    sql: "ALTER TABLE roster ADD COLUMN hide_addresses INTEGER NOT NULL DEFAULT 0;",
  },
  {
    number: 6,
    name: "groups of people and their membership logs",
    sql: `
      CREATE TABLE conversations (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id TEXT NOT NULL UNIQUE,
        length INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        state BLOB NOT NULL,
        about BLOB
      ) STRICT;
      CREATE INDEX conversations_age ON conversations (changed_at);
      CREATE TABLE conversation_statements (
        in_conversation INTEGER NOT NULL REFERENCES conversations (seq) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        statement BLOB NOT NULL,
        PRIMARY KEY (in_conversation, position)
      ) STRICT, WITHOUT ROWID;
      -- Statements of the log: index of the one that let them in first, and how many there were when
      -- they were not in it any more.
      CREATE TABLE conversation_members (
        account INTEGER NOT NULL REFERENCES accounts (seq) ON DELETE CASCADE,
        in_conversation INTEGER NOT NULL REFERENCES conversations (seq) ON DELETE CASCADE,
        since INTEGER NOT NULL,
        until INTEGER,
        PRIMARY KEY (account, in_conversation)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX conversation_members_conversation
        ON conversation_members (in_conversation, until);
      -- With the conversation goes what MLS needs for it.
      CREATE TRIGGER group_without_conversation AFTER DELETE ON conversations BEGIN
        DELETE FROM groups WHERE conversation_id = OLD.conversation_id;
      END;

      -- Of accounts that were removed: a log that they have signed is checked by their device lists.
      CREATE TABLE former_members (
        user_id TEXT NOT NULL,
        in_conversation INTEGER NOT NULL REFERENCES conversations (seq) ON DELETE CASCADE,
        since INTEGER NOT NULL,
        PRIMARY KEY (user_id, in_conversation)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX former_members_conversation ON former_members (in_conversation);
      CREATE TABLE former_statements (
        user_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        statement BLOB NOT NULL,
        PRIMARY KEY (user_id, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER member_removed BEFORE DELETE ON accounts
        WHEN EXISTS (SELECT 1 FROM conversation_members WHERE account = OLD.seq) BEGIN
        INSERT INTO former_members SELECT OLD.user_id, in_conversation, since
          FROM conversation_members WHERE account = OLD.seq;
        INSERT INTO former_statements SELECT OLD.user_id, position, statement
          FROM device_statements WHERE account = OLD.seq;
      END;
      CREATE TRIGGER former_member_forgotten AFTER DELETE ON former_members
        WHEN NOT EXISTS (SELECT 1 FROM former_members WHERE user_id = OLD.user_id) BEGIN
        DELETE FROM former_statements WHERE user_id = OLD.user_id;
      END;
    `,
  },
];

/** What this program's newest schema is numbered. */
export const SCHEMA_VERSION = migrations.at(-1)?.number ?? 0;

/**
 * Brings the schema up to date: each missing migration in one transaction with its record.
 * @param to an older schema, for tests of the next steps
 * @throws StoreError newer-version, damaged (another program's database)
 */
export function migrate(db: DatabaseSync, to = SCHEMA_VERSION): void {
  const applicationId = pragmaNumber(db, "application_id");
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (applicationId !== APPLICATION_ID && tables !== 0) {
    throw new StoreError("damaged", "The file is a database, but not one of Beeline.");
  }
  const current = tables === 0 ? 0 : appliedVersion(db);
  if (current > SCHEMA_VERSION) {
    throw new StoreError(
      "newer-version",
      `The database has version ${current}; this program knows versions up to ${SCHEMA_VERSION}.`,
    );
  }
  if (current === SCHEMA_VERSION) return;
  // IMMEDIATE: a server and a command that start together must not both migrate.
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec(`
      PRAGMA application_id = ${APPLICATION_ID};
      CREATE TABLE IF NOT EXISTS migrations (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL
      ) STRICT;
    `);
    const record = db.prepare("INSERT INTO migrations VALUES (?, ?, datetime())");
    const from = appliedVersion(db);
    for (const migration of migrations) {
      if (migration.number <= from || migration.number > to) continue;
      db.exec(migration.sql);
      record.run(migration.number, migration.name);
    }
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function appliedVersion(db: DatabaseSync): number {
  const version = db.prepare("SELECT max(number) AS n FROM migrations").get()?.["n"];
  return typeof version === "number" ? version : 0;
}

function pragmaNumber(db: DatabaseSync, name: string): number {
  const value = db.prepare(`PRAGMA ${name}`).get()?.[name];
  return typeof value === "number" ? value : 0;
}

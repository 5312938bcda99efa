import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { StoreError } from "../../../shared/chatkit/store.ts";

/** "Bee1" in ASCII: tells a history from any other SQLite file. */
const APPLICATION_ID = 0x42_65_65_31;

/** Each brings a file from the version of its index to the next. Only ever appended to. */
const migrations: readonly string[] = [
  `
  CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE conversation (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE message (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    place TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX message_by_place ON message (conversation, place);
  -- A rowid above every other one: an item that is put again goes to the end.
  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE INDEX message_by_order ON message (place, id);
  CREATE INDEX message_with_file ON message (conversation, place)
    WHERE json_extract(record, '$.body.type') = 'file';
  `,
];

/**
 * Pages (4 KiB) in the log at which SQLite moves them into the file, which waits for the disk: the
 * rarer, the fewer messages wait with it. SQLite's own default is 1000.
 */
const CHECKPOINT_PAGES = 4000;

/**
 * Takes the file for this connection alone and brings it to the current version.
 *
 * WAL with synchronous=NORMAL: what was committed survives a killed process; a power cut may take
 * the last moment's commits, never the file's consistency. Peers send again what was not
 * acknowledged, and an fsync per message would cost more than that moment is worth.
 *
 * @throws StoreError damaged for a foreign file, unknown for one of a newer Beeline
 */
export function prepareDatabase(database: DatabaseSync): void {
  // Without EXCLUSIVE two processes could serve one account, each with half of its sequence numbers.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.exec("BEGIN IMMEDIATE");
  try {
    migrate(database);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const version = pragma(database, "user_version");
  const applicationId = pragma(database, "application_id");
  if (version === 0 ? tableCount(database) > 0 : applicationId !== APPLICATION_ID) {
    throw new StoreError("damaged", "The file is a database, but not a Beeline history.");
  }
  if (version > migrations.length) {
    throw new StoreError(
      "unknown",
      "The history was written by a newer version of Beeline: update this one.",
    );
  }
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return v.parse(v.number(), row?.[name]);
}

function tableCount(database: DatabaseSync): number {
  const row = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  return v.parse(v.number(), row?.["tables"]);
}

import * as v from "valibot";
import { ProtocolError } from "../../shared/protocol/index.ts";
import { StoreError } from "./store.ts";

/** What node:sqlite throws: `errcode` is SQLite's extended result code. */
const SqliteError = v.object({ code: v.literal("ERR_SQLITE_ERROR"), errcode: v.number() });

/** Result codes, https://sqlite.org/rescode.html */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** SQLite's primary result code, or undefined for an error that is not SQLite's. */
function sqliteCode(error: unknown): number | undefined {
  const parsed = v.safeParse(SqliteError, error);
  return parsed.success ? parsed.output.errcode & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === BUSY;
}

/** Leaves the store's and the protocol's own errors as they are and wraps everything else. */
export function toStoreError(error: unknown): StoreError | ProtocolError {
  if (error instanceof StoreError || error instanceof ProtocolError) return error;
  const cause = { cause: error };
  switch (sqliteCode(error)) {
    case PERM:
    case READONLY:
    case CANTOPEN:
      return new StoreError("unwritable", "The database cannot be opened for writing.", cause);
    case CORRUPT:
    case NOTADB:
      return new StoreError("damaged", "The database is damaged.", cause);
    case BUSY:
    case LOCKED:
      return new StoreError("locked", "Another program holds the database.", cause);
    case FULL:
      return new StoreError("failed", "The disk is full.", cause);
    case undefined:
    default: {
      const text = error instanceof Error ? error.message : String(error);
      return new StoreError("failed", `The database failed: ${text}`, cause);
    }
  }
}

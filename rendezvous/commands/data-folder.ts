import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { OperatorError } from "../config/operator-error.ts";
import type { Settings } from "../config/settings.ts";
import { openSqliteStore, type SqliteStore } from "../store/sqlite-store.ts";
import { StoreError } from "../store/store.ts";

export function databaseFile(settings: Settings): string {
  return join(resolve(settings.data), "beeline.db");
}

/**
 * Opens the store: `serve` makes it where needed and holds the data folder, a `command` works
 * beside a server, and `existing` makes nothing.
 * @throws OperatorError
 */
export async function openStore(
  settings: Settings,
  use: "serve" | "command" | "existing",
): Promise<SqliteStore> {
  const file = databaseFile(settings);
  if (use === "existing" && !existsSync(file)) {
    throw new OperatorError(`There is no Beeline database in ${resolve(settings.data)} (--data).`);
  }
  try {
    return await openSqliteStore(file, { access: use === "serve" ? "server" : "command" });
  } catch (error) {
    throw operatorErrorOf(error, settings);
  }
}

/**
 * The one line for a store that cannot be used; other errors stay as they are. `target` is what
 * was to be written, the data folder unless given.
 */
export function operatorErrorOf(error: unknown, settings: Settings, target?: string): unknown {
  if (!(error instanceof StoreError)) return error;
  const folder = resolve(settings.data);
  const line = {
    unwritable: `${target ?? `The data folder ${folder}`} cannot be written. Check owner and permissions.`,
    damaged: `The database ${databaseFile(settings)} is damaged. ${error.message} Restore a backup.`,
    "newer-version": `${error.message} It was written by a newer Beeline: install that one.`,
    locked: `Another server is running on the data folder ${folder}.`,
    failed: error.message,
  }[error.reason];
  return new OperatorError(line, { cause: error });
}

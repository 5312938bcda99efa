import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite-error.ts";
import { StoreError } from "./store.ts";

/**
 * Held by the one server of a data folder: an exclusive lock on an empty side database, which the
 * operating system lets go however the process ends. Commands work on the real database meanwhile.
 * @throws StoreError locked; the system's own error where the file cannot be made
 */
export function lockDataFolder(lockFile: string): Disposable {
  closeSync(openSync(lockFile, "a", 0o600));
  const lock = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new StoreError("locked", "Another server is running on this data folder.", {
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

import type { FileId } from "../../protocol/index.ts";
import { MAX_SWEPT_FILES } from "../limits.ts";
import type { MessagePlace, MessageRecord, Store } from "../store.ts";
import type { FileVault } from "./file-vault.ts";

/** Messages looked through at once. */
const PAGE = 500;

export interface VaultSweepOptions {
  readonly vault: Pick<FileVault, "ids" | "delete">;
  readonly store: Pick<Store, "recent">;
  /** Ids in the vault of which something is remembered. @throws StoreError */
  readonly remembered: () => Promise<ReadonlySet<FileId>>;
  /** The id in the vault of a message's file; undefined where it is no file. */
  readonly idOf: (message: MessageRecord) => FileId | undefined;
  /** It was begun since the program started. */
  readonly isNew: (id: FileId) => boolean;
  /** A file is here whose message is too, and nothing remembers it. @throws StoreError */
  readonly adopt: (message: MessageRecord) => Promise<void>;
  readonly isClosed: () => boolean;
}

/**
 * Looks for what the end of a program has left in the vault: between a file and the word of it, or
 * between a message's deletion and its file's. What a message leads to is remembered anew, of the rest
 * so many are deleted. Nothing that was begun meanwhile is touched.
 * @returns how many were deleted @throws FileError, StoreError
 */
export async function sweepVault(options: VaultSweepOptions): Promise<number> {
  const { adopt, idOf, isClosed, isNew, remembered, store, vault } = options;
  const lost = new Set(await vault.ids());
  for (const id of await remembered()) lost.delete(id);
  let before: MessagePlace | undefined;
  // Nearly always there are none: the messages are not read then.
  while (lost.size > 0 && !isClosed()) {
    const page = await store.recent({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    for (const message of page) {
      const id = idOf(message);
      if (id !== undefined && lost.delete(id) && !isNew(id)) await adopt(message);
    }
    before = page.at(-1);
    if (page.length < PAGE) break;
  }
  let deleted = 0;
  for (const id of lost) {
    if (isClosed() || deleted === MAX_SWEPT_FILES) break;
    if (isNew(id)) continue;
    await vault.delete(id);
    deleted += 1;
  }
  return deleted;
}

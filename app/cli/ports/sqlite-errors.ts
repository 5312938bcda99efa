import { StoreError } from "../../../shared/chatkit/store.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended ones hold them in 8 bits. */
const reasonOfCode = new Map<number, StoreError["reason"]>([
  [3, "forbidden"], // SQLITE_PERM
  [5, "locked"], // SQLITE_BUSY
  [6, "locked"], // SQLITE_LOCKED
  [8, "forbidden"], // SQLITE_READONLY
  [11, "damaged"], // SQLITE_CORRUPT
  [13, "full"], // SQLITE_FULL
  [14, "forbidden"], // SQLITE_CANTOPEN
  [23, "forbidden"], // SQLITE_AUTH
  [26, "damaged"], // SQLITE_NOTADB
]);

const reasonOfErrno = new Map<string, StoreError["reason"]>([
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["EROFS", "forbidden"],
  ["ENOTDIR", "forbidden"],
  ["EEXIST", "forbidden"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
]);

const textOfReason: Record<StoreError["reason"], string> = {
  damaged: "is damaged; set it aside and sign in again, or restore a backup",
  locked: "is in use by another Beeline process",
  full: "cannot be written: the disk is full",
  forbidden: "cannot be written: check the permissions of its folder",
  unknown: "failed",
};

/** What a failed call of `node:sqlite` or `node:fs` means to the person whose history it is. */
export function storeErrorOf(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const reason = reasonOf(error);
  const detail = error instanceof Error ? ` (${error.message})` : "";
  return new StoreError(reason, `The history ${file} ${textOfReason[reason]}${detail}.`, {
    cause: error,
  });
}

function reasonOf(error: unknown): StoreError["reason"] {
  if (!(error instanceof Error)) return "unknown";
  if ("errcode" in error && typeof error.errcode === "number") {
    return reasonOfCode.get(error.errcode & 0xff) ?? "unknown";
  }
  if ("code" in error && typeof error.code === "string") {
    return reasonOfErrno.get(error.code) ?? "unknown";
  }
  return "unknown";
}

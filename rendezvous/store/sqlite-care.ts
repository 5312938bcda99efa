import { existsSync } from "node:fs";
import { chmod, open, rename, rm } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { toStoreError } from "./sqlite-error.ts";
import { StoreError } from "./store.ts";

/**
 * Writes a consistent copy of `file` to `target`, whole or not at all, readable by its owner only.
 * @throws StoreError failed where `target` exists, unwritable
 */
export async function backUp(db: DatabaseSync, file: string, target: string): Promise<void> {
  if (existsSync(target)) throw new StoreError("failed", `${target} exists already.`);
  const partial = `${target}.partial`;
  try {
    // One that a backup left behind when it was killed.
    await rm(partial, { force: true });
    if (file === ":memory:") db.prepare("VACUUM INTO ?").run(partial);
    else await copy(file, partial);
    await chmod(partial, 0o600);
    await using handle = await open(partial, "r+");
    await handle.sync();
    await rename(partial, target);
  } catch (error) {
    // Best effort: what went wrong first is what the caller hears.
    await rm(partial, { force: true }).catch(() => undefined);
    if (isFileError(error)) {
      throw new StoreError("unwritable", `${target} cannot be written.`, { cause: error });
    }
    throw toStoreError(error);
  }
}

async function copy(file: string, target: string): Promise<void> {
  // A reader of its own, and all pages in one step on a worker thread: one snapshot, which writers
  // neither wait for nor force to start again.
  using reader = new DatabaseSync(file, { readOnly: true });
  await backup(reader, target, { rate: 0x7fff_ffff });
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** One line per finding: broken pages, broken references, counters that do not add up. */
export function checkDatabase(db: DatabaseSync): readonly string[] {
  const findings: string[] = [];
  for (const row of db.prepare("PRAGMA integrity_check").all()) {
    const line = String(row["integrity_check"]);
    if (line !== "ok") findings.push(line);
  }
  for (const row of db.prepare("PRAGMA foreign_key_check").all()) {
    findings.push(
      `A row of ${String(row["table"])} refers to nothing in ${String(row["parent"])}.`,
    );
  }
  const counters = db.prepare(
    `SELECT device_id FROM devices
     LEFT JOIN (SELECT key >> 32 AS device, count(*) AS n, sum(length(envelope)) AS size
                FROM mailbox WHERE envelope IS NOT NULL GROUP BY key >> 32) AS held
       ON held.device = devices.seq
     WHERE mailbox_count <> coalesce(held.n, 0) OR mailbox_bytes <> coalesce(held.size, 0)`,
  );
  for (const row of counters.all()) {
    findings.push(`The mailbox counters of device ${String(row["device_id"])} are wrong.`);
  }
  const logs = db.prepare(
    `SELECT user_id FROM accounts
     LEFT JOIN device_lists ON device_lists.account = accounts.seq
     LEFT JOIN (SELECT account, count(*) AS n, max(position) AS last
                FROM device_statements GROUP BY account) AS held ON held.account = accounts.seq
     WHERE coalesce(length, 0) <> coalesce(held.n, 0) OR coalesce(length, 0) <> coalesce(last + 1, 0)`,
  );
  for (const row of logs.all()) {
    findings.push(`The device list of user ${String(row["user_id"])} has a gap.`);
  }
  const conversations = db.prepare(
    `SELECT conversation_id FROM conversations
     LEFT JOIN (SELECT in_conversation, count(*) AS n, max(position) AS last
                FROM conversation_statements GROUP BY in_conversation) AS held
       ON held.in_conversation = conversations.seq
     WHERE length <> coalesce(held.n, 0) OR length <> coalesce(last + 1, 0)`,
  );
  for (const row of conversations.all()) {
    findings.push(`The membership log of group ${String(row["conversation_id"])} has a gap.`);
  }
  return findings;
}

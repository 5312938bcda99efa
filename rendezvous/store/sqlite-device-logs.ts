import type { DatabaseSync } from "node:sqlite";
import { ProtocolError, type UserId } from "../../shared/protocol/index.ts";
import { bytes, integer, prepare } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { DeviceLogExtension, DeviceLogStore } from "./store.ts";

/**
 * Continues a device list inside a write, which may do something else too.
 * @throws (the function it returns) ProtocolError device-list-conflict, no-such-user
 */
export function logAppender(
  db: DatabaseSync,
): (userId: UserId, extension: DeviceLogExtension) => void {
  const account = prepare(
    db,
    `SELECT seq, coalesce((SELECT length FROM device_lists WHERE account = seq), 0) AS length
     FROM accounts WHERE user_id = ?`,
  );
  const put = prepare(
    db,
    `INSERT INTO device_lists (account, length, list) VALUES (?1, ?2, ?3)
     ON CONFLICT (account) DO UPDATE SET length = excluded.length, list = excluded.list`,
  );
  const insert = prepare(
    db,
    "INSERT INTO device_statements (account, position, statement) VALUES (?, ?, ?)",
  );
  return (userId, { after, statements, list }) => {
    const owner = account.one(userId);
    if (owner === undefined) throw new ProtocolError("no-such-user", "There is no such account.");
    if (integer(owner, "length") !== after) {
      throw new ProtocolError("device-list-conflict", "The device list has grown meanwhile.");
    }
    const seq = integer(owner, "seq");
    put.run(seq, after + statements.length, list);
    for (const [index, statement] of statements.entries())
      insert.run(seq, after + index, statement);
  };
}

export function sqliteDeviceLogs({ db, commits, read }: SqliteContext): DeviceLogStore {
  const append = logAppender(db);
  const head = prepare(
    db,
    `SELECT length, list FROM device_lists
     WHERE account = (SELECT seq FROM accounts WHERE user_id = ?)`,
  );
  const page = prepare(
    db,
    `SELECT statement FROM device_statements
     WHERE account = (SELECT seq FROM accounts WHERE user_id = ?1) AND position >= ?2
     ORDER BY position LIMIT ?3`,
  );
  const formerPage = prepare(
    db,
    `SELECT statement FROM former_statements WHERE user_id = ?1 AND position >= ?2
     ORDER BY position LIMIT ?3`,
  );
  const formerLength = prepare(db, "SELECT count(*) AS n FROM former_statements WHERE user_id = ?");

  function former(userId: UserId, after: number, limit: number) {
    const row = formerLength.one(userId);
    return {
      statements: formerPage.all(userId, after, limit).map((each) => bytes(each, "statement")),
      length: row === undefined ? 0 : integer(row, "n"),
    };
  }

  return {
    head: (userId) =>
      read(() => {
        const row = head.one(userId);
        return row === undefined
          ? undefined
          : { length: integer(row, "length"), list: bytes(row, "list") };
      }),
    read: (userId, { after, limit }) =>
      read(() => {
        const row = head.one(userId);
        if (row === undefined) return former(userId, after, limit);
        return {
          statements: page.all(userId, after, limit).map((each) => bytes(each, "statement")),
          length: integer(row, "length"),
        };
      }),
    append: (userId, extension) => commits.write(() => append(userId, extension)),
  };
}

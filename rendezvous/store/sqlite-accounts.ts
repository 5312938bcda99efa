import { canonicalUserName, ProtocolError } from "../../shared/protocol/index.ts";
import { inviteCodeHash } from "./invite-code.ts";
import { integer, optionalInteger, prepare, showOf, text, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import { logAppender } from "./sqlite-device-logs.ts";
import { END_SESSIONS, INSERT_DEVICE } from "./sqlite-devices.ts";
import type { Account, AccountStore } from "./store.ts";

export function sqliteAccounts({ db, commits, read }: SqliteContext): AccountStore {
  const insert = prepare(
    db,
    `INSERT INTO accounts (user_id, user_name, canonical_name, display_name, credential, created_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const spendInvite = prepare(
    db,
    `UPDATE invites SET uses_left = uses_left - 1
     WHERE code_hash = ?1 AND uses_left > 1 AND (expires_at IS NULL OR expires_at > ?2)`,
  );
  const spendLastUse = prepare(
    db,
    `DELETE FROM invites
     WHERE code_hash = ?1 AND uses_left = 1 AND (expires_at IS NULL OR expires_at > ?2)`,
  );
  const byId = prepare(db, "SELECT * FROM accounts WHERE user_id = ?");
  const byName = prepare(db, "SELECT * FROM accounts WHERE canonical_name = ?");
  const list = prepare(
    db,
    `SELECT * FROM accounts
     WHERE seq > coalesce((SELECT seq FROM accounts WHERE user_id = ?1), 0)
     ORDER BY seq LIMIT ?2`,
  );
  const setCredential = prepare(db, "UPDATE accounts SET credential = ?2 WHERE user_id = ?1");
  const setDisplayName = prepare(db, "UPDATE accounts SET display_name = ?2 WHERE user_id = ?1");
  const setPresence = prepare(
    db,
    "UPDATE accounts SET show = ?2, status_text = ?3 WHERE user_id = ?1",
  );
  const setLastSeen = prepare(db, "UPDATE accounts SET last_seen = ?2 WHERE user_id = ?1");
  const setDisabled = prepare(db, "UPDATE accounts SET disabled = ?2 WHERE user_id = ?1");
  const endSessions = prepare(db, END_SESSIONS);
  const endOtherSessions = prepare(db, `${END_SESSIONS} AND device_id <> ?2`);
  const insertDevice = prepare(db, INSERT_DEVICE);
  const device = prepare(db, "SELECT 1 FROM devices WHERE device_id = ?");
  const append = logAppender(db);

  const emptyMailboxes = prepare(
    db,
    `DELETE FROM mailbox WHERE key >> 32 IN (
       SELECT devices.seq FROM devices JOIN accounts ON accounts.seq = devices.account
       WHERE accounts.user_id = ?)`,
  );
  const remove = prepare(db, "DELETE FROM accounts WHERE user_id = ?");

  function spend(invite: string, now: number): boolean {
    const hash = inviteCodeHash(invite);
    return spendLastUse.run(hash, now) === 1 || spendInvite.run(hash, now) === 1;
  }

  return {
    create: ({ userId, userName, displayName, credential, now, invite, first }) =>
      commits.write(() => {
        if (invite !== undefined && !spend(invite, now)) {
          throw new ProtocolError(
            "invite-invalid",
            "The invitation is unknown, used up or expired.",
          );
        }
        const canonicalName = canonicalUserName(userName);
        if (byName.one(canonicalName) !== undefined) {
          throw new ProtocolError("user-name-taken", "The user name is taken.");
        }
        insert.run(userId, userName, canonicalName, displayName, credential, now);
        const row = known(byId.one(userId));
        if (first !== undefined) {
          const { deviceId, name, publicKey, sessionEnds, extension } = first;
          if (device.one(deviceId) !== undefined) {
            throw new ProtocolError("wrong-device-key", "The device belongs to another account.");
          }
          insertDevice.run(deviceId, integer(row, "seq"), name, publicKey, now, sessionEnds);
          append(userId, extension);
        }
        return accountOf(row);
      }),
    byId: (userId) => read(() => optionalAccount(byId.one(userId))),
    byName: (userName) => read(() => optionalAccount(byName.one(canonicalUserName(userName)))),
    list: ({ after, limit }) => read(() => list.all(after ?? null, limit).map(accountOf)),
    setCredential: (userId, credential) =>
      commits.write(() => {
        changed(setCredential.run(userId, credential));
        endSessions.run(userId);
      }),
    changeCredential: ({ userId, credential, deviceId, extension }) =>
      commits.write(() => {
        append(userId, extension);
        changed(setCredential.run(userId, credential));
        endOtherSessions.run(userId, deviceId);
      }),
    setDisplayName: (userId, displayName) =>
      commits.write(() => changed(setDisplayName.run(userId, displayName))),
    setPresence: (userId, show, statusText) =>
      commits.write(() => changed(setPresence.run(userId, show, statusText))),
    setLastSeen: (userId, at) => commits.write(() => void setLastSeen.run(userId, at)),
    setDisabled: (userId, disabled) =>
      commits.write(() => {
        changed(setDisabled.run(userId, disabled ? 1 : 0));
        if (disabled) endSessions.run(userId);
      }),
    remove: (userId) =>
      commits.write(() => {
        // Mailboxes hang on their devices without a foreign key.
        emptyMailboxes.run(userId);
        return remove.run(userId) === 1;
      }),
  };
}

function accountOf(row: Row): Account {
  return {
    userId: userIdOf(row, "user_id"),
    userName: text(row, "user_name"),
    displayName: text(row, "display_name"),
    credential: text(row, "credential"),
    disabled: integer(row, "disabled") === 1,
    show: showOf(row, "show"),
    statusText: text(row, "status_text"),
    createdAt: integer(row, "created_at"),
    lastSeen: optionalInteger(row, "last_seen"),
  };
}

function optionalAccount(row: Row | undefined): Account | undefined {
  return row === undefined ? undefined : accountOf(row);
}

function known(row: Row | undefined): Row {
  if (row === undefined) throw noSuchUser();
  return row;
}

function changed(rows: number): void {
  if (rows === 0) throw noSuchUser();
}

function noSuchUser(): ProtocolError {
  return new ProtocolError("no-such-user", "There is no such account.");
}

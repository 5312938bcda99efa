import { ProtocolError } from "../../shared/protocol/index.ts";
import { deviceIdOf, integer, optionalInteger, prepare, text, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type { DeviceStore, StoredDevice } from "./store.ts";

const COLUMNS = `SELECT devices.*, accounts.user_id
  FROM devices JOIN accounts ON accounts.seq = devices.account`;

export const INSERT_DEVICE = `INSERT INTO devices
  (device_id, account, name, public_key, added_at, last_seen, session_ends)
  VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)`;

export const END_SESSIONS = `UPDATE devices SET session_ends = NULL
  WHERE account = (SELECT seq FROM accounts WHERE user_id = ?1)`;

export function sqliteDevices({ db, commits, read }: SqliteContext): DeviceStore {
  const account = prepare(db, "SELECT seq, disabled FROM accounts WHERE user_id = ?");
  const get = prepare(db, `${COLUMNS} WHERE device_id = ?`);
  const ofUser = prepare(db, `${COLUMNS} WHERE accounts.user_id = ? ORDER BY devices.seq`);
  const count = prepare(db, "SELECT count(*) AS n FROM devices WHERE account = ?");
  const insert = prepare(db, INSERT_DEVICE);
  const begin = prepare(
    db,
    "UPDATE devices SET last_seen = ?2, session_ends = ?3 WHERE device_id = ?1",
  );
  const extend = prepare(
    db,
    `UPDATE devices SET last_seen = ?2, session_ends = ?3
     WHERE device_id = ?1 AND session_ends IS NOT NULL`,
  );
  const rename = prepare(
    db,
    `UPDATE devices SET name = ?3
     WHERE device_id = ?2 AND account = (SELECT seq FROM accounts WHERE user_id = ?1)`,
  );
  const endSession = prepare(db, "UPDATE devices SET session_ends = NULL WHERE device_id = ?");
  const endSessions = prepare(db, END_SESSIONS);
  const remove = prepare(db, "DELETE FROM devices WHERE device_id = ? RETURNING seq");
  const emptyMailbox = prepare(
    db,
    "DELETE FROM mailbox WHERE key > ?1 << 32 AND key < (?1 + 1) << 32",
  );

  return {
    signIn: ({ deviceId, userId, name, publicKey, now, sessionEnds }, maxPerAccount) =>
      commits.write(() => {
        const owner = account.one(userId);
        if (owner === undefined) {
          throw new ProtocolError("no-such-user", "There is no such account.");
        }
        if (integer(owner, "disabled") === 1) {
          throw new ProtocolError("account-disabled", "The account is disabled.");
        }
        const before = get.one(deviceId);
        if (before !== undefined) {
          if (text(before, "user_id") !== userId) {
            throw new ProtocolError("wrong-device-key", "The device belongs to another account.");
          }
          begin.run(deviceId, now, sessionEnds);
          return false;
        }
        const seq = integer(owner, "seq");
        const devices = count.one(seq);
        if (devices !== undefined && integer(devices, "n") >= maxPerAccount) {
          throw new ProtocolError(
            "too-many-devices",
            `An account may have ${maxPerAccount} devices. Remove one first.`,
          );
        }
        insert.run(deviceId, seq, name, publicKey, now, sessionEnds);
        return true;
      }),
    get: (deviceId) =>
      read(() => {
        const row = get.one(deviceId);
        return row === undefined ? undefined : deviceOf(row);
      }),
    ofUser: (userId) => read(() => ofUser.all(userId).map(deviceOf)),
    extend: (deviceId, { now, sessionEnds }) =>
      commits.write(() => void extend.run(deviceId, now, sessionEnds)),
    rename: (userId, deviceId, name) => commits.write(() => rename.run(userId, deviceId, name) > 0),
    endSession: (deviceId) => commits.write(() => void endSession.run(deviceId)),
    endSessionsOf: (userId) => commits.write(() => void endSessions.run(userId)),
    remove: (deviceId) =>
      commits.write(() => {
        const removed = remove.one(deviceId);
        if (removed !== undefined) emptyMailbox.run(integer(removed, "seq"));
      }),
  };
}

function deviceOf(row: Row): StoredDevice {
  return {
    deviceId: deviceIdOf(row, "device_id"),
    userId: userIdOf(row, "user_id"),
    name: text(row, "name"),
    publicKey: text(row, "public_key"),
    addedAt: integer(row, "added_at"),
    lastSeen: integer(row, "last_seen"),
    sessionEnds: optionalInteger(row, "session_ends"),
  };
}

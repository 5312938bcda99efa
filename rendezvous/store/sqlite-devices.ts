import { ProtocolError } from "../../shared/protocol/index.ts";
import { deviceIdOf, integer, prepare, text, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type { DeviceStore, StoredDevice } from "./store.ts";

const COLUMNS = `SELECT devices.*, accounts.user_id
  FROM devices JOIN accounts ON accounts.seq = devices.account`;

export function sqliteDevices({ db, commits, read }: SqliteContext): DeviceStore {
  const account = prepare(db, "SELECT seq FROM accounts WHERE user_id = ?");
  const get = prepare(db, `${COLUMNS} WHERE device_id = ?`);
  const ofUser = prepare(db, `${COLUMNS} WHERE accounts.user_id = ? ORDER BY devices.seq`);
  const count = prepare(db, "SELECT count(*) AS n FROM devices WHERE account = ?");
  const insert = prepare(
    db,
    `INSERT INTO devices (device_id, account, name, public_key, last_seen)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const update = prepare(
    db,
    "UPDATE devices SET name = ?2, public_key = ?3, last_seen = ?4 WHERE device_id = ?1",
  );
  const remove = prepare(db, "DELETE FROM devices WHERE device_id = ? RETURNING seq");
  const emptyMailbox = prepare(
    db,
    "DELETE FROM mailbox WHERE key > ?1 << 32 AND key < (?1 + 1) << 32",
  );

  return {
    put: ({ deviceId, userId, name, publicKey, lastSeen }, maxPerAccount) =>
      commits.write(() => {
        const before = get.one(deviceId);
        if (before !== undefined) {
          // Nobody takes over the device of another account by knowing its id.
          if (text(before, "user_id") !== userId) {
            throw new ProtocolError("no-such-device", "The device belongs to another account.");
          }
          update.run(deviceId, name, publicKey, lastSeen);
          return;
        }
        const owner = account.one(userId);
        if (owner === undefined)
          throw new ProtocolError("no-such-user", "There is no such account.");
        const seq = integer(owner, "seq");
        const devices = count.one(seq);
        if (devices !== undefined && integer(devices, "n") >= maxPerAccount) {
          throw new ProtocolError(
            "too-many-devices",
            `An account may have ${maxPerAccount} devices. Remove one first.`,
          );
        }
        insert.run(deviceId, seq, name, publicKey, lastSeen);
      }),
    get: (deviceId) =>
      read(() => {
        const row = get.one(deviceId);
        return row === undefined ? undefined : deviceOf(row);
      }),
    ofUser: (userId) => read(() => ofUser.all(userId).map(deviceOf)),
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
    lastSeen: integer(row, "last_seen"),
  };
}

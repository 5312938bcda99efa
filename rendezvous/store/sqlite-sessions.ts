import { ProtocolError } from "../../shared/protocol/index.ts";
import { deviceIdOf, integer, prepare, userIdOf } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { SessionStore } from "./store.ts";

export function sqliteSessions({ db, commits, read }: SqliteContext): SessionStore {
  const insert = prepare(
    db,
    `INSERT INTO sessions (token_hash, device, expires_at)
     SELECT ?1, devices.seq, ?4
     FROM devices JOIN accounts ON accounts.seq = devices.account
     WHERE devices.device_id = ?2 AND accounts.user_id = ?3 AND NOT accounts.disabled
     ON CONFLICT (token_hash) DO UPDATE SET device = excluded.device, expires_at = excluded.expires_at`,
  );
  const isDisabled = prepare(db, "SELECT 1 FROM accounts WHERE user_id = ? AND disabled");
  const get = prepare(
    db,
    `SELECT accounts.user_id, devices.device_id, sessions.expires_at
     FROM sessions
     JOIN devices ON devices.seq = sessions.device
     JOIN accounts ON accounts.seq = devices.account
     WHERE token_hash = ?1 AND expires_at > ?2`,
  );
  const extend = prepare(db, "UPDATE sessions SET expires_at = ?2 WHERE token_hash = ?1");
  const remove = prepare(db, "DELETE FROM sessions WHERE token_hash = ?");
  const removeOfUser = prepare(
    db,
    `DELETE FROM sessions WHERE device IN (
       SELECT devices.seq FROM devices JOIN accounts ON accounts.seq = devices.account
       WHERE accounts.user_id = ?)`,
  );
  const removeExpired = prepare(db, "DELETE FROM sessions WHERE expires_at <= ?");

  return {
    put: (tokenHash, { userId, deviceId, expiresAt }) =>
      commits.write(() => {
        if (insert.run(tokenHash, deviceId, userId, expiresAt) === 0) {
          if (isDisabled.one(userId) !== undefined) {
            throw new ProtocolError("account-disabled", "The account is disabled.");
          }
          throw new ProtocolError("no-such-device", "The account has no such device.");
        }
      }),
    get: (tokenHash, now) =>
      read(() => {
        const row = get.one(tokenHash, now);
        if (row === undefined) return undefined;
        return {
          userId: userIdOf(row, "user_id"),
          deviceId: deviceIdOf(row, "device_id"),
          expiresAt: integer(row, "expires_at"),
        };
      }),
    extend: (tokenHash, expiresAt) => commits.write(() => void extend.run(tokenHash, expiresAt)),
    remove: (tokenHash) => commits.write(() => void remove.run(tokenHash)),
    removeOfUser: (userId) => commits.write(() => void removeOfUser.run(userId)),
    removeExpired: (now) => commits.write(() => removeExpired.run(now)),
  };
}

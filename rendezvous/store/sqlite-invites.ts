import { ProtocolError } from "../../shared/protocol/index.ts";
import { inviteCodeHash, inviteLabel } from "./invite-code.ts";
import { integer, optionalInteger, prepare, text } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { InviteStore } from "./store.ts";

/** An invitation leaves the table with its last use. */
export function sqliteInvites({ db, commits, read }: SqliteContext): InviteStore {
  const insert = prepare(
    db,
    `INSERT INTO invites (code_hash, label, created_at, expires_at, uses_left)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT (code_hash) DO NOTHING`,
  );
  const admits = prepare(
    db,
    "SELECT 1 FROM invites WHERE code_hash = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
  );
  const list = prepare(db, "SELECT * FROM invites ORDER BY seq");
  const revoke = prepare(db, "DELETE FROM invites WHERE code_hash = ?1");
  const revokeByLabel = prepare(
    db,
    `DELETE FROM invites WHERE label = ?1
     AND (SELECT count(*) FROM invites WHERE label = ?1) = 1`,
  );
  const removeExpired = prepare(db, "DELETE FROM invites WHERE expires_at <= ?");

  return {
    create: ({ code, createdAt, expiresAt, usesLeft }) =>
      commits.write(() => {
        const values = [createdAt, expiresAt ?? null, usesLeft];
        const created =
          usesLeft >= 1 && insert.run(inviteCodeHash(code), inviteLabel(code), ...values) === 1;
        if (!created) {
          throw new ProtocolError("invite-invalid", "The invitation exists already or has no use.");
        }
      }),
    admits: (code, now) => read(() => admits.one(inviteCodeHash(code), now) !== undefined),
    list: () =>
      read(() =>
        list.all().map((row) => ({
          label: text(row, "label"),
          createdAt: integer(row, "created_at"),
          expiresAt: optionalInteger(row, "expires_at"),
          usesLeft: integer(row, "uses_left"),
        })),
      ),
    revoke: (codeOrLabel) =>
      commits.write(
        () =>
          revoke.run(inviteCodeHash(codeOrLabel)) === 1 ||
          revokeByLabel.run(codeOrLabel.toLowerCase()) === 1,
      ),
    removeExpired: (now) => commits.write(() => removeExpired.run(now)),
  };
}

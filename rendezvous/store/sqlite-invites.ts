import { ProtocolError } from "../../shared/protocol/index.ts";
import { integer, optionalInteger, prepare, text } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { InviteStore } from "./store.ts";

/** An invitation leaves the table with its last use. */
export function sqliteInvites({ db, commits, read }: SqliteContext): InviteStore {
  const insert = prepare(
    db,
    `INSERT INTO invites (code, created_at, expires_at, uses_left) VALUES (?, ?, ?, ?)
     ON CONFLICT (code) DO NOTHING`,
  );
  const list = prepare(db, "SELECT * FROM invites ORDER BY seq");
  const revoke = prepare(db, "DELETE FROM invites WHERE code = ?");

  return {
    create: ({ code, createdAt, expiresAt, usesLeft }) =>
      commits.write(() => {
        if (usesLeft < 1 || insert.run(code, createdAt, expiresAt ?? null, usesLeft) === 0) {
          throw new ProtocolError("invite-invalid", "The invitation exists already or has no use.");
        }
      }),
    list: () =>
      read(() =>
        list.all().map((row) => ({
          code: text(row, "code"),
          createdAt: integer(row, "created_at"),
          expiresAt: optionalInteger(row, "expires_at"),
          usesLeft: integer(row, "uses_left"),
        })),
      ),
    revoke: (code) => commits.write(() => revoke.run(code) === 1),
  };
}

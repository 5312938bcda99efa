import { integer, prepare, text, type Row, type SqliteContext } from "./rows.ts";
import type { AuditRecord, AuditStore } from "./audit-store.ts";

export function sqliteAudit({ db, commits, read }: SqliteContext): AuditStore {
  const insert = prepare(
    db,
    "INSERT INTO audit (at, actor, address, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const list = prepare(db, "SELECT * FROM audit WHERE seq > ?1 AND at >= ?2 ORDER BY seq LIMIT ?3");
  const trimOld = prepare(db, "DELETE FROM audit WHERE at < ?");
  const trimMany = prepare(db, "DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?");

  return {
    append: ({ at, actor, address, action, subject, detail }) =>
      commits.write(() => {
        insert.run(at, actor, address ?? null, action, subject ?? null, detail ?? null);
      }),
    list: ({ after, since, limit }) => read(() => list.all(after, since, limit).map(recordOf)),
    trim: (before, keep) => commits.write(() => trimOld.run(before) + trimMany.run(keep)),
  };
}

function recordOf(row: Row): AuditRecord {
  const address = optionalText(row, "address");
  const subject = optionalText(row, "subject");
  const detail = optionalText(row, "detail");
  return {
    seq: integer(row, "seq"),
    at: integer(row, "at"),
    actor: text(row, "actor"),
    action: text(row, "action"),
    ...(address === undefined ? {} : { address }),
    ...(subject === undefined ? {} : { subject }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

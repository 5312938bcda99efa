import { ProtocolError, type Profile, type UserId } from "../../shared/protocol/index.ts";
import type { ConversationStore, MembershipStep } from "./conversation-store.ts";
import { bytes, conversationIdOf, integer, prepare, text, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";

/** Groups that age removes in one transaction: each may have thousands of statements. */
const REMOVE_AT_ONCE = 16;

const ACCOUNT = "(SELECT seq FROM accounts WHERE user_id = ?1)";
const CONVERSATION = "(SELECT seq FROM conversations WHERE conversation_id = ?1)";

export function sqliteConversations({ db, commits, read }: SqliteContext): ConversationStore {
  const find = prepare(
    db,
    "SELECT seq, length, state FROM conversations WHERE conversation_id = ?",
  );
  const about = prepare(db, "SELECT about FROM conversations WHERE conversation_id = ?");
  const place = prepare(
    db,
    `SELECT until FROM conversation_members
     WHERE in_conversation = ${CONVERSATION}
       AND account = (SELECT seq FROM accounts WHERE user_id = ?2)`,
  );
  const page = prepare(
    db,
    `SELECT statement FROM conversation_statements
     WHERE in_conversation = ${CONVERSATION} AND position >= ?2 AND position < ?3
     ORDER BY position LIMIT ?4`,
  );
  const list = prepare(
    db,
    `SELECT conversation_id, length
     FROM conversation_members
     JOIN conversations ON conversations.seq = conversation_members.in_conversation
     WHERE account = ${ACCOUNT} AND until IS NULL AND in_conversation >
       coalesce((SELECT seq FROM conversations WHERE conversation_id = ?2), 0)
     ORDER BY in_conversation LIMIT ?3`,
  );
  const companions = prepare(
    db,
    `SELECT user_id FROM accounts WHERE seq IN (
       SELECT other.account FROM conversation_members AS own
       JOIN conversation_members AS other ON other.in_conversation = own.in_conversation
       WHERE own.account = ${ACCOUNT} AND own.until IS NULL AND other.until IS NULL)
     AND user_id <> ?1`,
  );
  const together = prepare(
    db,
    `SELECT 1 FROM conversation_members AS a
     JOIN conversation_members AS b ON b.in_conversation = a.in_conversation
       AND b.account = (SELECT seq FROM accounts WHERE user_id = ?2)
     WHERE a.account = ${ACCOUNT} AND a.until IS NULL AND b.until IS NULL LIMIT 1`,
  );
  const inLogOf = prepare(
    db,
    `SELECT 1 FROM conversation_members AS own WHERE own.account = ${ACCOUNT} AND (
       EXISTS (SELECT 1 FROM conversation_members AS other
         WHERE other.in_conversation = own.in_conversation
           AND other.account = (SELECT seq FROM accounts WHERE user_id = ?2)
           AND (own.until IS NULL OR other.since < own.until))
       OR EXISTS (SELECT 1 FROM former_members AS other
         WHERE other.in_conversation = own.in_conversation AND other.user_id = ?2
           AND (own.until IS NULL OR other.since < own.until))) LIMIT 1`,
  );
  const profile = prepare(
    db,
    `SELECT accounts.user_id, user_name, display_name FROM accounts
     JOIN conversation_members ON conversation_members.account = accounts.seq
       AND in_conversation = ${CONVERSATION}
     WHERE accounts.user_id = ?2 AND since < ?3`,
  );
  const ended = prepare(
    db,
    `DELETE FROM conversations WHERE seq IN (
       SELECT seq FROM conversations WHERE changed_at < ? AND NOT EXISTS (
         SELECT 1 FROM conversation_members WHERE in_conversation = conversations.seq
           AND until IS NULL)
       LIMIT ${REMOVE_AT_ONCE})`,
  );
  const write = stepWriter(db);

  return {
    append: (step, maxPerAccount) =>
      commits.write(() => {
        const row = find.one(step.conversationId);
        if (row === undefined && step.after > 0) {
          throw new ProtocolError("no-such-conversation", "There is no such group.");
        }
        if (row !== undefined && step.after === 0) {
          throw new ProtocolError("conversation-exists", "There is such a group.");
        }
        if (row !== undefined && integer(row, "length") !== step.after) {
          throw new ProtocolError("membership-conflict", "The group has changed meanwhile.");
        }
        write(row === undefined ? undefined : integer(row, "seq"), step, maxPerAccount);
      }),
    head: (conversationId) =>
      read(() => {
        const row = find.one(conversationId);
        return row && { length: integer(row, "length"), state: bytes(row, "state") };
      }),
    about: (conversationId) =>
      read(() => {
        const row = about.one(conversationId);
        return row === undefined || row["about"] === null ? undefined : bytes(row, "about");
      }),
    place: (conversationId, userId) =>
      read(() => {
        const row = place.one(conversationId, userId);
        return row && placeOf(row);
      }),
    read: (conversationId, { after, until, limit, maxBytes }) =>
      read(() => {
        const statements: Uint8Array[] = [];
        let size = 0;
        for (const row of page.each(conversationId, after, until, limit)) {
          const statement = bytes(row, "statement");
          size += statement.length;
          if (statements.length > 0 && size > maxBytes) break;
          statements.push(statement);
        }
        return statements;
      }),
    list: (member, { after, limit }) =>
      read(() =>
        list.all(member, after ?? null, limit).map((row) => ({
          conversationId: conversationIdOf(row, "conversation_id"),
          length: integer(row, "length"),
        })),
      ),
    companions: (userId) =>
      read(() => companions.all(userId).map((row): UserId => userIdOf(row, "user_id"))),
    together: (a, b) => read(() => together.one(a, b) !== undefined),
    inLogOf: (reader, other) => read(() => inLogOf.one(reader, other) !== undefined),
    profiles: (conversationId, { reader, userIds }) =>
      read(() => {
        const own = place.one(conversationId, reader);
        if (own === undefined) return [];
        const until = placeOf(own).until ?? Number.MAX_SAFE_INTEGER;
        return userIds
          .map((userId) => profile.one(conversationId, userId, until))
          .filter((row) => row !== undefined)
          .map(profileOf);
      }),
    removeEnded: async (before) => {
      let count = 0;
      for (;;) {
        const removed = await commits.write(() => ended.run(before));
        count += removed;
        if (removed < REMOVE_AT_ONCE) return count;
      }
    },
  };
}

/** Writes a step that continues the log. @param seq the group's; undefined: it is founded */
function stepWriter(
  db: SqliteContext["db"],
): (seq: number | undefined, step: MembershipStep, maxPerAccount: number) => void {
  const insert = prepare(
    db,
    `INSERT INTO conversations (conversation_id, length, state, changed_at)
     VALUES (?, 0, x'', 0) RETURNING seq`,
  );
  const advance = prepare(
    db,
    "UPDATE conversations SET length = ?2, state = ?3, changed_at = ?4 WHERE seq = ?1",
  );
  const setAbout = prepare(db, "UPDATE conversations SET about = ?2 WHERE seq = ?1");
  const addStatement = prepare(
    db,
    "INSERT INTO conversation_statements (in_conversation, position, statement) VALUES (?, ?, ?)",
  );
  const account = prepare(
    db,
    `SELECT seq, (SELECT count(*) FROM conversation_members
       WHERE account = accounts.seq AND until IS NULL) AS n
     FROM accounts WHERE user_id = ?`,
  );
  const enter = prepare(
    db,
    `INSERT INTO conversation_members (account, in_conversation, since) VALUES (?1, ?2, ?3)
     ON CONFLICT (account, in_conversation) DO UPDATE SET until = NULL`,
  );
  const leave = prepare(
    db,
    `UPDATE conversation_members SET until = ?3
     WHERE account = ${ACCOUNT} AND in_conversation = ?2`,
  );
  // Nobody who left comes back into an epoch of before by it.
  const dropWelcomes = prepare(
    db,
    `DELETE FROM welcome_devices
     WHERE device IN (SELECT seq FROM devices WHERE account = ${ACCOUNT})
       AND in_group = (SELECT seq FROM groups WHERE conversation_id = ?2)`,
  );
  const hasMembers = prepare(
    db,
    "SELECT 1 FROM conversation_members WHERE in_conversation = ? AND until IS NULL LIMIT 1",
  );
  const endGroup = prepare(db, "DELETE FROM groups WHERE conversation_id = ?");

  function come(userId: UserId, seq: number, since: number, maxPerAccount: number): void {
    const row = account.one(userId);
    if (row === undefined) throw new ProtocolError("no-such-user", "There is no such account.");
    if (integer(row, "n") >= maxPerAccount) {
      throw new ProtocolError("too-many-groups", "Somebody is in as many groups as they may be.");
    }
    enter.run(integer(row, "seq"), seq, since);
  }

  return (known, step, maxPerAccount) => {
    const { conversationId, after, statement, state, came, left, now } = step;
    const row = known === undefined ? insert.one(conversationId) : undefined;
    const seq = known ?? (row === undefined ? 0 : integer(row, "seq"));
    addStatement.run(seq, after, statement);
    advance.run(seq, after + 1, state, now);
    if (step.about !== undefined) setAbout.run(seq, step.about);
    for (const userId of came) come(userId, seq, after, maxPerAccount);
    for (const userId of left) {
      leave.run(userId, seq, after + 1);
      dropWelcomes.run(userId, conversationId);
    }
    if (left.length > 0 && hasMembers.one(seq) === undefined) endGroup.run(conversationId);
  };
}

function placeOf(row: Row): { until?: number } {
  return row["until"] === null ? {} : { until: integer(row, "until") };
}

function profileOf(row: Row): Profile {
  return {
    userId: userIdOf(row, "user_id"),
    userName: text(row, "user_name"),
    displayName: text(row, "display_name"),
  };
}

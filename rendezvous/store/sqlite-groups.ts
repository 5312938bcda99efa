import { ProtocolError, type DeviceId } from "../../shared/protocol/index.ts";
import { bytes, conversationIdOf, integer, prepare, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type { GroupState, GroupStore, StoredGroup, StoredGroupView } from "./store.ts";

/** Rows that age removes in one transaction, so that a large clean-up stalls nobody. */
const REMOVE_AT_ONCE = 1000;

const MEMBERS = `SELECT accounts.user_id FROM group_members
  JOIN accounts ON accounts.seq = group_members.account WHERE in_group = ? ORDER BY accounts.seq`;

export function sqliteGroups({ db, commits, read }: SqliteContext): GroupStore {
  const find = prepare(
    db,
    "SELECT seq, conversation_id, epoch FROM groups WHERE conversation_id = ?",
  );
  const members = prepare(db, MEMBERS);
  const insert = prepare(
    db,
    "INSERT INTO groups (conversation_id, epoch, group_info) VALUES (?, ?, ?) RETURNING seq",
  );
  const addMember = prepare(
    db,
    "INSERT INTO group_members (account, in_group) SELECT seq, ?2 FROM accounts WHERE user_id = ?1",
  );
  const advance = prepare(db, "UPDATE groups SET epoch = ?2, group_info = ?3 WHERE seq = ?1");
  const groupInfo = prepare(db, "SELECT group_info FROM groups WHERE seq = ?");
  const list = prepare(
    db,
    `SELECT groups.seq, groups.conversation_id, groups.epoch
     FROM groups
     WHERE groups.seq IN (
         SELECT in_group FROM group_members
         WHERE account = (SELECT seq FROM accounts WHERE user_id = ?1)
         UNION SELECT own.seq FROM conversation_members
         JOIN conversations ON conversations.seq = conversation_members.in_conversation
         JOIN groups AS own ON own.conversation_id = conversations.conversation_id
         WHERE account = (SELECT seq FROM accounts WHERE user_id = ?1) AND until IS NULL)
       AND groups.seq > coalesce((SELECT seq FROM groups WHERE conversation_id = ?2), 0)
     ORDER BY groups.seq LIMIT ?3`,
  );
  const log = commitLog(db);
  const welcomes = welcomeBook(db);

  /** Where nothing is lacking, GroupInfo and Welcome would only cost their bytes. */
  function latest(seq: number, epoch: number, deviceId: DeviceId, have: number | undefined) {
    if (have === epoch) return {};
    const welcome = welcomes.of(deviceId, seq);
    const info = groupInfo.one(seq);
    return {
      ...(info === undefined ? {} : { groupInfo: bytes(info, "group_info") }),
      ...(welcome === undefined
        ? {}
        : { welcome: { epoch: integer(welcome, "epoch"), welcome: bytes(welcome, "welcome") } }),
    };
  }

  function groupOf(row: Row): StoredGroup {
    return {
      conversationId: conversationIdOf(row, "conversation_id"),
      members: members.all(integer(row, "seq")).map((member) => userIdOf(member, "user_id")),
      epoch: integer(row, "epoch"),
    };
  }

  return {
    create: (group) =>
      commits.write(() => {
        if (find.one(group.conversationId) !== undefined) {
          throw new ProtocolError("group-exists", "The conversation has a group.");
        }
        const row = insert.one(group.conversationId, group.epoch, group.groupInfo);
        const seq = row === undefined ? 0 : integer(row, "seq");
        for (const userId of group.members) {
          if (addMember.run(userId, seq) === 0) {
            throw new ProtocolError("no-such-user", "There is no such account.");
          }
        }
        welcomes.put(seq, group);
      }),
    find: (conversationId) =>
      read(() => {
        const row = find.one(conversationId);
        return row === undefined ? undefined : groupOf(row);
      }),
    commit: (group, quota) =>
      commits.write(() => {
        const row = find.one(group.conversationId);
        if (row === undefined) {
          throw new ProtocolError("no-such-group", "The conversation has no group.");
        }
        if (group.epoch <= integer(row, "epoch")) {
          throw new ProtocolError("epoch-taken", "Another commit has ended that epoch.");
        }
        const seq = integer(row, "seq");
        advance.run(seq, group.epoch, group.groupInfo);
        log.add(seq, group.epoch - 1, group.now, group.commit);
        log.prune(seq, quota);
        welcomes.put(seq, group);
      }),
    view: (conversationId, { deviceId, have, maxBytes }) =>
      read((): StoredGroupView | undefined => {
        const row = find.one(conversationId);
        if (row === undefined) return undefined;
        const seq = integer(row, "seq");
        const epoch = integer(row, "epoch");
        return {
          epoch,
          ...latest(seq, epoch, deviceId, have),
          ...log.from(seq, have ?? epoch, epoch, maxBytes),
        };
      }),
    list: (member, { after, limit }) =>
      read(() => list.all(member, after ?? null, limit).map(groupOf)),
    removeBefore: async (storedAt) => {
      let count = 0;
      for (;;) {
        const removed = await commits.write(
          () => log.removeBefore(storedAt) + welcomes.removeBefore(storedAt),
        );
        count += removed;
        // Fewer than one of the two may remove: neither has more.
        if (removed < REMOVE_AT_ONCE) return count;
      }
    },
  };
}

/** The commits of groups, each under the epoch that it ended. */
function commitLog(db: SqliteContext["db"]) {
  const insert = prepare(
    db,
    `INSERT INTO group_commits (in_group, epoch, stored_at, size, commit_bytes)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const held = prepare(
    db,
    "SELECT count(*) AS n FROM group_commits WHERE in_group = ?1 AND epoch >= ?2 AND epoch < ?3",
  );
  const page = prepare(
    db,
    `SELECT epoch, size, commit_bytes FROM group_commits
     WHERE in_group = ?1 AND epoch >= ?2 AND epoch < ?3 ORDER BY epoch`,
  );
  const newestFirst = prepare(
    db,
    "SELECT epoch, size FROM group_commits WHERE in_group = ? ORDER BY epoch DESC",
  );
  const removeUpTo = prepare(db, "DELETE FROM group_commits WHERE in_group = ?1 AND epoch <= ?2");
  const removeOld = prepare(
    db,
    `DELETE FROM group_commits WHERE seq IN
       (SELECT seq FROM group_commits WHERE stored_at < ? LIMIT ${REMOVE_AT_ONCE})`,
  );

  return {
    add(seq: number, epoch: number, now: number, commit: Uint8Array): void {
      insert.run(seq, epoch, now, commit.length, commit);
    },
    prune(seq: number, quota: { readonly count: number; readonly bytes: number }): void {
      let count = 0;
      let size = 0;
      for (const row of newestFirst.all(seq)) {
        count += 1;
        size += integer(row, "size");
        // The newest stays whatever it weighs: the members of that epoch wait for it.
        if (count === 1 || (count <= quota.count && size <= quota.bytes)) continue;
        removeUpTo.run(seq, integer(row, "epoch"));
        return;
      }
    },
    /** From `have` to before `epoch`, where none is missing; a page of it. */
    from(seq: number, have: number, epoch: number, maxBytes: number) {
      const none = { commits: [], more: false };
      if (have >= epoch) return none;
      const row = held.one(seq, have, epoch);
      if (row === undefined || integer(row, "n") < epoch - have) return none;
      const commits: { epoch: number; commit: Uint8Array }[] = [];
      let size = 0;
      for (const row of page.each(seq, have, epoch)) {
        size += integer(row, "size");
        if (commits.length > 0 && size > maxBytes) return { commits, more: true };
        commits.push({ epoch: integer(row, "epoch"), commit: bytes(row, "commit_bytes") });
      }
      return { commits, more: false };
    },
    removeBefore: (storedAt: number): number => removeOld.run(storedAt),
  };
}

/** Welcomes, each kept once and named by the devices for which it is the newest. */
function welcomeBook(db: SqliteContext["db"]) {
  const insert = prepare(
    db,
    "INSERT INTO welcomes (in_group, epoch, stored_at, welcome) VALUES (?, ?, ?, ?) RETURNING seq",
  );
  const name = prepare(
    db,
    `INSERT INTO welcome_devices (device, in_group, welcome)
     SELECT seq, ?2, ?3 FROM devices WHERE device_id = ?1
       AND account IN (SELECT account FROM group_members WHERE in_group = ?2
         UNION SELECT account FROM conversation_members
         JOIN conversations ON conversations.seq = conversation_members.in_conversation
         JOIN groups ON groups.conversation_id = conversations.conversation_id
         WHERE groups.seq = ?2 AND until IS NULL)
     ON CONFLICT (device, in_group) DO UPDATE SET welcome = excluded.welcome`,
  );
  const removeUnnamed = prepare(
    db,
    `DELETE FROM welcomes WHERE in_group = ?
       AND NOT EXISTS (SELECT 1 FROM welcome_devices WHERE welcome = welcomes.seq)`,
  );
  const of = prepare(
    db,
    `SELECT welcomes.epoch, welcomes.welcome
     FROM welcome_devices JOIN welcomes ON welcomes.seq = welcome_devices.welcome
     WHERE welcome_devices.in_group = ?2
       AND welcome_devices.device = (SELECT seq FROM devices WHERE device_id = ?1)`,
  );
  const removeOld = prepare(
    db,
    `DELETE FROM welcomes WHERE seq IN
       (SELECT seq FROM welcomes WHERE stored_at < ? LIMIT ${REMOVE_AT_ONCE})`,
  );

  return {
    put(seq: number, { epoch, now, welcome }: GroupState): void {
      if (welcome === undefined) return;
      const row = insert.one(seq, epoch, now, welcome.welcome);
      if (row === undefined) return;
      for (const deviceId of welcome.devices) name.run(deviceId, seq, integer(row, "seq"));
      removeUnnamed.run(seq);
    },
    of: (deviceId: DeviceId, seq: number): Row | undefined => of.one(deviceId, seq),
    removeBefore: (storedAt: number): number => removeOld.run(storedAt),
  };
}

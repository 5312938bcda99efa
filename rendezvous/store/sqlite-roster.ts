import { ProtocolError } from "../../shared/protocol/index.ts";
import type { Device, UserId } from "../../shared/protocol/index.ts";
import {
  deviceIdOf,
  integer,
  optionalInteger,
  prepare,
  rosterStateOf,
  showOf,
  text,
  userIdOf,
} from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type { RosterChange, RosterRow, RosterStore, RosterView } from "./store.ts";

const FROM = `FROM roster
  JOIN accounts AS owner ON owner.seq = roster.owner
  JOIN accounts AS peer ON peer.seq = roster.peer
  WHERE owner.user_id = ?1`;

const VIEW = `SELECT owner.user_id AS owner_id, peer.user_id AS peer_id,
  roster.state, roster.nickname, roster.group_name, roster.hide_addresses,
  peer.user_name, peer.display_name, peer.show, peer.status_text, peer.last_seen,
  coalesce((SELECT length FROM device_lists WHERE account = roster.peer), 0) AS log_length,
  coalesce((SELECT back.hide_addresses FROM roster AS back
    WHERE back.owner = roster.peer AND back.peer = roster.owner), 0) AS hidden_back ${FROM}`;

const DEVICES = `SELECT peer.user_id AS peer_id, devices.device_id, devices.name, devices.public_key
  FROM roster
  JOIN accounts AS owner ON owner.seq = roster.owner
  JOIN accounts AS peer ON peer.seq = roster.peer
  JOIN devices ON devices.account = roster.peer
  WHERE owner.user_id = ?1 AND roster.state = 'buddies'`;

export function sqliteRoster({ db, commits, read }: SqliteContext): RosterStore {
  const all = prepare(db, `${VIEW} ORDER BY roster.peer`);
  const one = prepare(db, `${VIEW} AND peer.user_id = ?2`);
  const allDevices = prepare(db, `${DEVICES} ORDER BY devices.seq`);
  const devicesOfOne = prepare(db, `${DEVICES} AND peer.user_id = ?2 ORDER BY devices.seq`);
  const buddies = prepare(
    db,
    `SELECT peer.user_id AS peer_id
     FROM roster
     JOIN accounts AS owner ON owner.seq = roster.owner
     JOIN accounts AS peer ON peer.seq = roster.peer
     JOIN roster AS back ON back.owner = roster.peer AND back.peer = roster.owner
     WHERE owner.user_id = ? AND roster.state = 'buddies' AND back.state = 'buddies'
     ORDER BY roster.peer`,
  );
  const hiddenFrom = prepare(
    db,
    `SELECT peer.user_id AS peer_id ${FROM} AND roster.hide_addresses <> 0`,
  );
  const count = prepare(db, `SELECT count(*) AS n ${FROM}`);
  const put = prepare(
    db,
    `INSERT INTO roster (owner, peer, state, nickname, group_name, hide_addresses)
     SELECT owner.seq, peer.seq, ?3, ?4, ?5, ?6
     FROM accounts AS owner, accounts AS peer WHERE owner.user_id = ?1 AND peer.user_id = ?2
     ON CONFLICT (owner, peer) DO UPDATE SET
       state = excluded.state, nickname = excluded.nickname, group_name = excluded.group_name,
       hide_addresses = excluded.hide_addresses`,
  );
  const remove = prepare(
    db,
    `DELETE FROM roster
     WHERE owner = (SELECT seq FROM accounts WHERE user_id = ?1)
       AND peer = (SELECT seq FROM accounts WHERE user_id = ?2)`,
  );

  function apply(change: RosterChange): void {
    if (change.type === "remove") {
      remove.run(change.owner, change.peer);
      return;
    }
    const { owner, peer, state, nickname, group, hideAddresses } = change.row;
    if (put.run(owner, peer, state, nickname, group, Number(hideAddresses)) === 0) {
      throw new ProtocolError("no-such-user", "There is no such account.");
    }
  }

  return {
    of: (owner) =>
      read(() => {
        const devices = Map.groupBy(allDevices.all(owner), (row) => userIdOf(row, "peer_id"));
        return all.all(owner).map((row) => viewOf(row, devices.get(userIdOf(row, "peer_id"))));
      }),
    view: (owner, peer) =>
      read(() => {
        const row = one.one(owner, peer);
        return row === undefined ? undefined : viewOf(row, devicesOfOne.all(owner, peer));
      }),
    row: (owner, peer) =>
      read(() => {
        const row = one.one(owner, peer);
        return row === undefined ? undefined : rowOf(row);
      }),
    buddies: (owner) =>
      read(() => buddies.all(owner).map((row): UserId => userIdOf(row, "peer_id"))),
    hiddenFrom: (owner) =>
      read(() => hiddenFrom.all(owner).map((row): UserId => userIdOf(row, "peer_id"))),
    count: (owner) =>
      read(() => {
        const row = count.one(owner);
        return row === undefined ? 0 : integer(row, "n");
      }),
    change: (changes) =>
      commits.write(() => {
        for (const change of changes) apply(change);
      }),
  };
}

function rowOf(row: Row): RosterRow {
  return {
    owner: userIdOf(row, "owner_id"),
    peer: userIdOf(row, "peer_id"),
    state: rosterStateOf(row, "state"),
    nickname: text(row, "nickname"),
    group: text(row, "group_name"),
    hideAddresses: integer(row, "hide_addresses") !== 0,
  };
}

function viewOf(row: Row, devices: readonly Row[] = []): RosterView {
  return {
    row: rowOf(row),
    peer: {
      userId: userIdOf(row, "peer_id"),
      userName: text(row, "user_name"),
      displayName: text(row, "display_name"),
      show: showOf(row, "show"),
      statusText: text(row, "status_text"),
      lastSeen: optionalInteger(row, "last_seen"),
    },
    devices: devices.map(deviceOf),
    logLength: integer(row, "log_length"),
    addressesHidden: integer(row, "hidden_back") !== 0,
  };
}

function deviceOf(row: Row): Device {
  return {
    deviceId: deviceIdOf(row, "device_id"),
    name: text(row, "name"),
    publicKey: text(row, "public_key"),
  };
}

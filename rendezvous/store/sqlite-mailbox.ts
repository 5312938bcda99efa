import { hash } from "node:crypto";
import { ProtocolError } from "../../shared/protocol/index.ts";
import type { DeviceId } from "../../shared/protocol/index.ts";
import {
  bytes,
  deviceIdOf,
  integer,
  messageIdOf,
  optionalInteger,
  prepare,
  userIdOf,
} from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type {
  DepositOutcome,
  MailboxDeposit,
  MailboxQuota,
  MailboxStore,
  StoredEnvelope,
} from "./store.ts";

/**
 * A device's latest positions whose ids are remembered, so that a deposit repeated after a lost
 * answer is a duplicate even when its envelope was acknowledged meanwhile.
 */
const REMEMBERED_POSITIONS = 10_000;

/** Rows that age removes in one transaction, so that a large clean-up stalls nobody. */
const REMOVE_AT_ONCE = 1000;

/** The lower half of a key holds the position. */
const MAX_POSITION = 2 ** 32 - 2;

/** A device's counters while one call changes them. */
interface Box {
  readonly seq: number;
  /** The newest position. */
  last: number;
  /** Nothing waits before this position. */
  first: number;
  bytes: number;
  count: number;
}

/**
 * An acknowledged row stays for a while without its envelope, to know its id again. An id counts
 * per sending device: nobody can keep an envelope out by depositing its id first.
 */
export function sqliteMailbox({ db, commits, read }: SqliteContext): MailboxStore {
  const findBox = prepare(
    db,
    `SELECT seq, mailbox_last, mailbox_first, mailbox_bytes, mailbox_count
     FROM devices WHERE device_id = ?`,
  );
  const saveBox = prepare(
    db,
    `UPDATE devices SET mailbox_last = ?2, mailbox_first = ?3, mailbox_bytes = ?4,
       mailbox_count = ?5
     WHERE seq = ?1`,
  );
  const hasId = prepare(
    db,
    `SELECT 1 FROM mailbox
     WHERE key >> 32 = ?1 AND id_hash = ?2 AND message_id = ?3 AND from_device = ?4`,
  );
  const insert = prepare(
    db,
    `INSERT INTO mailbox (key, id_hash, message_id, from_user, from_device, stored_at, envelope)
     VALUES (?1 << 32 | ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
  );
  const page = prepare(
    db,
    `SELECT key & 0xffffffff AS position, message_id, from_user, from_device, stored_at, envelope
     FROM mailbox
     WHERE key > ?1 << 32 | ?2 AND key < (?1 + 1) << 32 AND envelope IS NOT NULL
     ORDER BY key LIMIT ?3`,
  );
  const sizeOf = prepare(
    db,
    `SELECT length(envelope) AS size FROM mailbox
     WHERE key = ?1 << 32 | ?2 AND envelope IS NOT NULL`,
  );
  const empty = prepare(db, "UPDATE mailbox SET envelope = NULL WHERE key = ?1 << 32 | ?2");
  const remove = prepare(db, "DELETE FROM mailbox WHERE key = ?1 << 32 | ?2");
  const firstFrom = prepare(
    db,
    `SELECT key & 0xffffffff AS position FROM mailbox
     WHERE key >= ?1 << 32 | ?2 AND key < (?1 + 1) << 32 AND envelope IS NOT NULL
     ORDER BY key LIMIT 1`,
  );
  const forget = prepare(
    db,
    `DELETE FROM mailbox
     WHERE key > ?1 << 32 | ?2 AND key <= ?1 << 32 | ?3 AND envelope IS NULL`,
  );
  const expired = prepare(
    db,
    `SELECT key >> 32 AS device, key & 0xffffffff AS position, length(envelope) AS size
     FROM mailbox WHERE stored_at < ? LIMIT ${REMOVE_AT_ONCE}`,
  );
  const discount = prepare(
    db,
    `UPDATE devices SET mailbox_bytes = mailbox_bytes - ?2, mailbox_count = mailbox_count - 1
     WHERE seq = ?1`,
  );
  const saltRow = prepare(db, "SELECT salt FROM mailbox_salt").one();
  const salt = Buffer.from(saltRow === undefined ? [] : bytes(saltRow, "salt")).toString("hex");

  // Salted, so that nobody can choose ids that collide and make each look-up long.
  function hashId({ id, from }: MailboxDeposit): number {
    return hash("sha256", salt + id + from.deviceId, "buffer").readUIntBE(0, 6);
  }

  function open(deviceId: DeviceId): Box | undefined {
    const row = findBox.one(deviceId);
    if (row === undefined) return undefined;
    return {
      seq: integer(row, "seq"),
      last: integer(row, "mailbox_last"),
      first: integer(row, "mailbox_first"),
      bytes: integer(row, "mailbox_bytes"),
      count: integer(row, "mailbox_count"),
    };
  }

  function save(box: Box): void {
    saveBox.run(box.seq, box.last, box.first, box.bytes, box.count);
  }

  function deposit(item: MailboxDeposit, box: Box, quota: MailboxQuota): DepositOutcome {
    const { id, from, storedAt, envelope } = item;
    const idHash = hashId(item);
    if (hasId.one(box.seq, idHash, id, from.deviceId) !== undefined) return "duplicate";
    if (
      box.count + 1 > quota.envelopes ||
      box.bytes + envelope.length > quota.bytes ||
      box.last >= MAX_POSITION
    ) {
      return "mailbox-full";
    }
    box.last += 1;
    box.bytes += envelope.length;
    box.count += 1;
    insert.run(box.seq, box.last, idHash, id, from.userId, from.deviceId, storedAt, envelope);
    return "stored";
  }

  function acknowledge(box: Box, position: number): void {
    const row = sizeOf.one(box.seq, position);
    if (row === undefined) return;
    box.bytes -= integer(row, "size");
    box.count -= 1;
    if (position > box.last - REMEMBERED_POSITIONS) empty.run(box.seq, position);
    else remove.run(box.seq, position);
  }

  function removeSome(storedAt: number): { rows: number; envelopes: number } {
    const rows = expired.all(storedAt);
    let envelopes = 0;
    for (const row of rows) {
      const device = integer(row, "device");
      const size = optionalInteger(row, "size");
      remove.run(device, integer(row, "position"));
      if (size === undefined) continue;
      discount.run(device, size);
      envelopes += 1;
    }
    return { rows: rows.length, envelopes };
  }

  return {
    put: (deposits, quota) =>
      commits.write(() => {
        const boxes = new Map<DeviceId, Box | undefined>();
        const outcomes = deposits.map((item): DepositOutcome => {
          if (item.envelope.length === 0) {
            throw new ProtocolError("invalid-params", "An envelope has at least one byte.");
          }
          if (!boxes.has(item.to)) boxes.set(item.to, open(item.to));
          const box = boxes.get(item.to);
          return box === undefined ? "no-such-device" : deposit(item, box, quota);
        });
        for (const box of boxes.values()) {
          if (box === undefined) continue;
          save(box);
          const horizon = box.last - REMEMBERED_POSITIONS;
          // What still waits behind the horizon goes when it is acknowledged.
          if (horizon > 0) forget.run(box.seq, Math.max(0, horizon - deposits.length), horizon);
        }
        return outcomes;
      }),
    fetch: (deviceId, { after, maxItems, maxBytes }) =>
      read(() => {
        const items: StoredEnvelope[] = [];
        const box = open(deviceId);
        if (box === undefined || box.count === 0) return { items, more: false };
        const from = Math.min(Math.max(after, box.first - 1), MAX_POSITION);
        let size = 0;
        for (const row of page.each(box.seq, from, maxItems + 1)) {
          const item = envelopeOf(row);
          size += item.envelope.length;
          if (items.length > 0 && (items.length >= maxItems || size > maxBytes)) {
            return { items, more: true };
          }
          items.push(item);
        }
        return { items, more: false };
      }),
    acknowledge: (deviceId, positions) =>
      commits.write(() => {
        const box = open(deviceId);
        if (box === undefined) return;
        for (const position of positions) {
          if (position >= box.first && position <= box.last) acknowledge(box, position);
        }
        const next = box.count === 0 ? undefined : firstFrom.one(box.seq, box.first);
        box.first = next === undefined ? box.last + 1 : integer(next, "position");
        save(box);
      }),
    count: (deviceId) => read(() => open(deviceId)?.count ?? 0),
    removeBefore: async (storedAt) => {
      let count = 0;
      for (;;) {
        const removed = await commits.write(() => removeSome(storedAt));
        count += removed.envelopes;
        if (removed.rows < REMOVE_AT_ONCE) return count;
      }
    },
  };
}

function envelopeOf(row: Row): StoredEnvelope {
  return {
    position: integer(row, "position"),
    id: messageIdOf(row, "message_id"),
    from: { userId: userIdOf(row, "from_user"), deviceId: deviceIdOf(row, "from_device") },
    storedAt: integer(row, "stored_at"),
    envelope: bytes(row, "envelope"),
  };
}

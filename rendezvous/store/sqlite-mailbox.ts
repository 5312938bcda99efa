import type { DeviceId } from "../../shared/protocol/index.ts";
import { bytes, deviceIdOf, integer, messageIdOf, prepare, userIdOf } from "./rows.ts";
import type { Row, SqliteContext } from "./rows.ts";
import type {
  DepositOutcome,
  MailboxDeposit,
  MailboxQuota,
  MailboxStore,
  StoredEnvelope,
} from "./store.ts";

/**
 * Ids of a device that are remembered beyond its full mailbox, so that a deposit repeated after a
 * lost answer is a duplicate even when its envelope was acknowledged meanwhile.
 */
const REMEMBERED_IDS = 10_000;

/** A device's counters while one call changes them. */
interface Box {
  readonly seq: number;
  position: number;
  bytes: number;
  count: number;
}

/**
 * `mailbox` holds what waits; `mailbox_ids` the ids of that and of what was there lately. An id
 * counts per sending device: nobody can keep an envelope out by depositing its id first.
 */
export function sqliteMailbox({ db, commits, read }: SqliteContext): MailboxStore {
  const findBox = prepare(
    db,
    "SELECT seq, mailbox_position, mailbox_bytes, mailbox_count FROM devices WHERE device_id = ?",
  );
  const saveBox = prepare(
    db,
    `UPDATE devices SET mailbox_position = ?2, mailbox_bytes = ?3, mailbox_count = ?4
     WHERE seq = ?1`,
  );
  const hasId = prepare(
    db,
    "SELECT 1 FROM mailbox_ids WHERE device = ? AND message_id = ? AND from_device = ?",
  );
  const addId = prepare(
    db,
    `INSERT INTO mailbox_ids (device, message_id, from_device, position, stored_at)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const forgetIds = prepare(db, "DELETE FROM mailbox_ids WHERE device = ? AND position <= ?");
  const forgetOldIds = prepare(
    db,
    `DELETE FROM mailbox_ids WHERE device = ?1 AND position < coalesce(
       (SELECT position FROM mailbox_ids WHERE device = ?1 AND stored_at >= ?2
        ORDER BY position LIMIT 1),
       (SELECT mailbox_position + 1 FROM devices WHERE seq = ?1))`,
  );
  const insert = prepare(
    db,
    `INSERT INTO mailbox
       (device, position, message_id, from_user, from_device, stored_at, envelope)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const page = prepare(
    db,
    `SELECT position, message_id, from_user, from_device, stored_at, envelope FROM mailbox
     WHERE device = (SELECT seq FROM devices WHERE device_id = ?1) AND position > ?2
     ORDER BY position LIMIT ?3`,
  );
  const remove = prepare(
    db,
    "DELETE FROM mailbox WHERE device = ? AND position = ? RETURNING length(envelope) AS size",
  );
  const expired = prepare(db, "SELECT device, position FROM mailbox WHERE stored_at < ?");
  const discount = prepare(
    db,
    `UPDATE devices SET mailbox_bytes = mailbox_bytes - ?2, mailbox_count = mailbox_count - ?3
     WHERE seq = ?1`,
  );
  const everyBox = prepare(db, "SELECT seq FROM devices WHERE mailbox_position > 0");

  function open(deviceId: DeviceId): Box | undefined {
    const row = findBox.one(deviceId);
    if (row === undefined) return undefined;
    return {
      seq: integer(row, "seq"),
      position: integer(row, "mailbox_position"),
      bytes: integer(row, "mailbox_bytes"),
      count: integer(row, "mailbox_count"),
    };
  }

  function save(box: Box): void {
    saveBox.run(box.seq, box.position, box.bytes, box.count);
  }

  function deposit(item: MailboxDeposit, box: Box, quota: MailboxQuota): DepositOutcome {
    const { id, from, storedAt, envelope } = item;
    const full = box.count + 1 > quota.envelopes || box.bytes + envelope.length > quota.bytes;
    if (full) {
      return hasId.one(box.seq, id, from.deviceId) === undefined ? "mailbox-full" : "duplicate";
    }
    const position = box.position + 1;
    if (addId.run(box.seq, id, from.deviceId, position, storedAt) === 0) return "duplicate";
    insert.run(box.seq, position, id, from.userId, from.deviceId, storedAt, envelope);
    box.position = position;
    box.bytes += envelope.length;
    box.count += 1;
    return "stored";
  }

  return {
    put: (deposits, quota) =>
      commits.write(() => {
        const boxes = new Map<DeviceId, Box | undefined>();
        const outcomes = deposits.map((item): DepositOutcome => {
          if (!boxes.has(item.to)) boxes.set(item.to, open(item.to));
          const box = boxes.get(item.to);
          return box === undefined ? "no-such-device" : deposit(item, box, quota);
        });
        for (const box of boxes.values()) {
          if (box === undefined) continue;
          save(box);
          forgetIds.run(box.seq, box.position - quota.envelopes - REMEMBERED_IDS);
        }
        return outcomes;
      }),
    fetch: (deviceId, { after, maxItems, maxBytes }) =>
      read(() => {
        const items: StoredEnvelope[] = [];
        let size = 0;
        for (const row of page.each(deviceId, after, maxItems + 1)) {
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
          const removed = remove.one(box.seq, position);
          if (removed === undefined) continue;
          box.bytes -= integer(removed, "size");
          box.count -= 1;
        }
        save(box);
      }),
    count: (deviceId) => read(() => open(deviceId)?.count ?? 0),
    removeBefore: (storedAt) =>
      commits.write(() => {
        const old = expired.all(storedAt);
        for (const row of old) {
          const device = integer(row, "device");
          const removed = remove.one(device, integer(row, "position"));
          if (removed !== undefined) discount.run(device, integer(removed, "size"), 1);
        }
        for (const row of everyBox.all()) forgetOldIds.run(integer(row, "seq"), storedAt);
        return old.length;
      }),
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

/**
 * A history in a file: what `archive.records` gives, `archive.merge` takes, and an export in JSON and
 * a backup hold (SPEC HI8). Version 1, or 2 where a group is in it; a newer version adds optional fields
 * and types of records, and counts up where an older Beeline must not read it.
 */
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  Emoji,
  KeptBody,
  limits,
  MessageId,
  UserId,
} from "../../protocol/index.ts";
import { StoredDelivery } from "../delivery/stored-delivery.ts";
import { MAX_REACTIONS } from "../limits.ts";
import type { MessageRecord } from "../store.ts";

export const HISTORY_FORMAT = "beeline-history";
export const HISTORY_VERSION = 2;
/** Without groups, so that an older Beeline reads it. */
export const HISTORY_VERSION_OF_TWO = 1;

/** Where times end on the wire. */
const Time = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 48 - 1));
/** 12 digits of ms, 4 of the counter, the device. */
const Order = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}[\w-]{21}[AQgw]$/, "no order"));
const Name = v.pipe(v.string(), v.maxLength(4 * limits.MAX_DISPLAY_NAME_LENGTH));
const place = { at: Time, order: Order };

export const HistoryHeader = v.object({
  format: v.literal(HISTORY_FORMAT),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** ms since the epoch. */
  exportedAt: Time,
  /** Whose history it is. */
  account: UserId,
  name: Name,
});
export type HistoryHeader = v.InferOutput<typeof HistoryHeader>;

/** Stands before its messages. */
const ConversationEntry = v.object({
  type: v.literal("conversation"),
  conversationId: ConversationId,
  /** Absent in a group. */
  peer: v.exactOptional(UserId),
  /** What the other person, or the group, was called. */
  title: Name,
  settings: v.exactOptional(
    v.object({
      pinned: v.exactOptional(v.literal(true)),
      archived: v.exactOptional(v.literal(true)),
      mutedUntil: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
      keepMs: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
    }),
  ),
});

const MessageEntry = v.object({
  type: v.literal("message"),
  id: MessageId,
  conversationId: ConversationId,
  from: v.object({ userId: UserId, deviceId: DeviceId }),
  order: Order,
  sentAt: Time,
  receivedAt: Time,
  body: KeptBody,
  delivery: StoredDelivery,
  edited: v.exactOptional(v.object(place)),
  reactions: v.exactOptional(
    v.pipe(
      v.array(v.object({ ...place, userId: UserId, emoji: v.exactOptional(Emoji) })),
      v.maxLength(MAX_REACTIONS),
    ),
  ),
  pin: v.exactOptional(v.object({ ...place, pinned: v.boolean() })),
});
export type MessageEntry = v.InferOutput<typeof MessageEntry>;

/** The last one: without it the file is not whole. */
const EndEntry = v.object({
  type: v.literal("end"),
  conversations: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  messages: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

export const HistoryEntry = v.variant("type", [ConversationEntry, MessageEntry, EndEntry]);
export type HistoryEntry = v.InferOutput<typeof HistoryEntry>;

/** The header comes first, the end last. */
export interface HistoryRecords {
  readonly header: HistoryHeader;
  readonly entries: AsyncIterable<HistoryEntry>;
}

/** The same, telling of each message that is taken from it. */
export function counted(
  { entries, header }: HistoryRecords,
  onMessage: () => void,
): HistoryRecords {
  async function* counting(): AsyncGenerator<HistoryEntry> {
    for await (const entry of entries) {
      if (entry.type === "message") onMessage();
      yield entry;
    }
  }
  return { header, entries: counting() };
}

/** Keys and the way of a message to each device stay on the device. */
export function messageEntry(record: MessageRecord): MessageEntry {
  const { id, conversationId, from, order, sentAt, receivedAt, body, delivery } = record;
  const { edited, reactions, pin } = record;
  return {
    type: "message",
    id,
    conversationId,
    from,
    order,
    sentAt,
    receivedAt,
    body,
    delivery,
    ...(edited === undefined ? {} : { edited }),
    ...(reactions === undefined ? {} : { reactions: [...reactions] }),
    ...(pin === undefined ? {} : { pin }),
  };
}

/** A file with a history is not what it should be. */
export class HistoryError extends Error {
  readonly reason:
    | "not-a-history"
    | "newer-version"
    | "damaged"
    | "other-account"
    | "wrong-passphrase";

  constructor(reason: HistoryError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HistoryError";
    this.reason = reason;
  }
}

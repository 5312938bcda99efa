import * as v from "valibot";
import {
  StoredDelivery,
  StoredPath,
  StoredPathReason,
} from "../../../shared/chatkit/delivery/stored-delivery.ts";
import {
  StoreError,
  type ConversationRecord,
  type MessageRecord,
  type OutboxRecord,
} from "../../../shared/chatkit/store.ts";
import {
  ConversationId,
  DeviceId,
  KeptBody,
  MessageId,
  UserId,
} from "../../../shared/protocol/index.ts";

const place = { at: v.number(), order: v.string() };

const StoredConversation = v.object({
  conversationId: ConversationId,
  peer: v.exactOptional(UserId),
  title: v.exactOptional(v.string()),
  unread: v.number(),
  last: v.exactOptional(
    v.object({
      id: MessageId,
      order: v.string(),
      body: KeptBody,
      from: v.exactOptional(v.object({ userId: UserId, deviceId: DeviceId })),
      own: v.boolean(),
      sentAt: v.number(),
    }),
  ),
  readUpTo: v.exactOptional(v.string()),
  settings: v.exactOptional(
    v.object({
      pinned: v.exactOptional(v.literal(true)),
      archived: v.exactOptional(v.literal(true)),
      mutedUntil: v.exactOptional(v.number()),
      markedUnread: v.exactOptional(v.literal(true)),
      keepMs: v.exactOptional(v.number()),
    }),
  ),
});

const StoredMessage = v.object({
  id: MessageId,
  conversationId: ConversationId,
  from: v.object({ userId: UserId, deviceId: DeviceId }),
  own: v.boolean(),
  order: v.string(),
  sentAt: v.number(),
  receivedAt: v.number(),
  body: KeptBody,
  delivery: StoredDelivery,
  edited: v.exactOptional(v.object(place)),
  reactions: v.exactOptional(
    v.array(v.object({ ...place, userId: UserId, emoji: v.exactOptional(v.string()) })),
  ),
  pin: v.exactOptional(v.object({ ...place, pinned: v.boolean() })),
  trail: v.exactOptional(
    v.array(
      v.object({
        userId: UserId,
        deviceId: DeviceId,
        path: v.exactOptional(StoredPath),
        reason: v.exactOptional(StoredPathReason),
        sentAt: v.exactOptional(v.number()),
        storedAt: v.exactOptional(v.number()),
        deliveredAt: v.exactOptional(v.number()),
      }),
    ),
  ),
});

const StoredOutboxItem = v.object({
  id: MessageId,
  conversationId: ConversationId,
  peer: v.exactOptional(UserId),
  sequence: v.number(),
  content: v.string(),
  queuedAt: v.number(),
  recipients: v.array(
    v.object({
      userId: UserId,
      deviceId: DeviceId,
      after: v.number(),
      state: v.picklist(["waiting", "stored", "acknowledged"]),
    }),
  ),
});

// JSON keeps every text as it is, NUL and lone surrogates included, where SQLite's UTF-8 would not.

/** @throws StoreError damaged */
export function readConversation(json: unknown): ConversationRecord {
  return read(StoredConversation, json);
}

/** @throws StoreError damaged */
export function readMessage(json: unknown): MessageRecord {
  return read(StoredMessage, json);
}

/** @throws StoreError damaged */
export function readOutboxItem(json: unknown): OutboxRecord {
  return read(StoredOutboxItem, json);
}

function read<const S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  try {
    return v.parse(schema, JSON.parse(v.parse(v.string(), json)));
  } catch (cause) {
    throw new StoreError("damaged", "The history holds a record that cannot be read.", { cause });
  }
}

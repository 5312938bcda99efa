import * as v from "valibot";
import type {
  DeliveryState,
  FailureReason,
  Path,
  PathReason,
  WaitReason,
} from "../../../shared/chatkit/delivery/delivery-state.ts";
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

/** Every member of a union of texts, so that the compiler finds one that is missing. */
type AllOf<T extends string> = { readonly [K in T]: K };

const paths = {
  direct: "direct",
  relayed: "relayed",
  stored: "stored",
} as const satisfies AllOf<Path>;

const pathReasons = {
  "link-open": "link-open",
  "link-opening": "link-opening",
  "link-failed": "link-failed",
  "link-lost": "link-lost",
  "no-webrtc": "no-webrtc",
  "link-slow": "link-slow",
  "own-policy": "own-policy",
  "peer-policy": "peer-policy",
  "link-limit": "link-limit",
  offline: "offline",
  unreachable: "unreachable",
} as const satisfies AllOf<PathReason>;

const waitReasons = {
  "server-unreachable": "server-unreachable",
  sending: "sending",
  securing: "securing",
  "mailbox-full": "mailbox-full",
  "rate-limited": "rate-limited",
  "own-policy": "own-policy",
  "peer-policy": "peer-policy",
  "policies-exclude": "policies-exclude",
} as const satisfies AllOf<WaitReason>;

const failureReasons = {
  expired: "expired",
  "not-buddies": "not-buddies",
  "no-devices": "no-devices",
  "mailbox-full": "mailbox-full",
  "too-large": "too-large",
  refused: "refused",
} as const satisfies AllOf<FailureReason>;

const way = { path: v.enum(paths), reason: v.enum(pathReasons) };

const Delivery = v.variant("state", [
  v.object({ state: v.literal("received"), path: v.enum(paths) }),
  v.object({ state: v.literal("queued"), waiting: v.enum(waitReasons) }),
  v.object({ state: v.literal("sent"), ...way }),
  v.object({ state: v.literal("delivered"), ...way, at: v.number() }),
  v.object({ state: v.literal("read"), ...way, at: v.number() }),
  v.object({ state: v.literal("failed"), reason: v.enum(failureReasons) }),
]) satisfies v.GenericSchema<DeliveryState>;

const place = { at: v.number(), order: v.string() };

const StoredConversation = v.object({
  conversationId: ConversationId,
  peer: UserId,
  unread: v.number(),
  last: v.exactOptional(
    v.object({
      id: MessageId,
      order: v.string(),
      body: KeptBody,
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
  delivery: Delivery,
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
        path: v.exactOptional(v.enum(paths)),
        reason: v.exactOptional(v.enum(pathReasons)),
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
  peer: UserId,
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

import type { ConversationId, DeviceId, KeptBody, MessageId, UserId } from "../protocol/index.ts";
import type { DeliveryState, Path, PathReason } from "./delivery/delivery-state.ts";

/**
 * One account's durable memory. Reads are plain; every change goes through `commit`, all of it or
 * nothing. What `commit` has resolved survives the end of the process.
 */
export interface Store extends AsyncDisposable {
  /** @throws StoreError; nothing of the batch is then visible, now or later */
  commit(writes: readonly StoreWrite[]): Promise<void>;

  value(key: string): Promise<string | undefined>;
  /** All values whose key begins with `prefix`. */
  values(prefix: string): Promise<ReadonlyMap<string, string>>;

  conversations(): Promise<readonly ConversationRecord[]>;

  message(id: MessageId): Promise<MessageRecord | undefined>;
  /** Those of them that are here, in the order asked for: much faster than one after the other. */
  messagesOf(ids: readonly MessageId[]): Promise<readonly MessageRecord[]>;
  /** Messages in ascending `order`. */
  messages(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]>;
  /** Those of them that are files. */
  files(conversationId: ConversationId, page: MessagePage): Promise<readonly MessageRecord[]>;
  /**
   * Messages of all conversations, newest first: the `limit` before `before`, or before the end.
   * @param limit 1 to 1000
   */
  recent(options: {
    readonly before?: MessagePlace;
    readonly limit: number;
  }): Promise<readonly MessageRecord[]>;

  /** In the order they were first put. */
  outbox(): Promise<readonly OutboxRecord[]>;
}

/**
 * Part of a conversation: with `after`, the first `limit` messages after it, else the last `limit`;
 * with `before`, of those before it. Both are orders, of a message or not. `limit`: 1 to 1000.
 */
export interface MessagePage {
  readonly before?: string;
  readonly after?: string;
  readonly limit: number;
}

/** Place among all messages. Two of different conversations may have one `order`. */
export type MessagePlace = Pick<MessageRecord, "order" | "id">;

export type StoreWrite =
  | { readonly type: "put-value"; readonly key: string; readonly value: string }
  | { readonly type: "delete-value"; readonly key: string }
  | { readonly type: "put-conversation"; readonly conversation: ConversationRecord }
  /** Its messages are deleted each by its own write. */
  | { readonly type: "delete-conversation"; readonly id: ConversationId }
  | { readonly type: "put-message"; readonly message: MessageRecord }
  | { readonly type: "delete-message"; readonly id: MessageId }
  | { readonly type: "put-outbox"; readonly item: OutboxRecord }
  | { readonly type: "delete-outbox"; readonly id: MessageId };

export interface ConversationRecord {
  readonly conversationId: ConversationId;
  /** Absent in a group. */
  readonly peer?: UserId;
  /** Of a group: what a history that was merged called it; for groups of which nothing else is known. */
  readonly title?: string;
  readonly unread: number;
  /** The newest message, for the list. */
  readonly last?: Pick<MessageRecord, "id" | "order" | "body" | "own" | "sentAt"> &
    // Not there where a version before groups put it.
    Partial<Pick<MessageRecord, "from">>;
  /** `order` of the newest message that this account has seen. */
  readonly readUpTo?: string;
  readonly settings?: ConversationSettings;
}

/** What a person chose for one conversation, on this device. */
export interface ConversationSettings {
  /** Stands above those that are not. */
  readonly pinned?: true;
  /** Out of the list until somebody writes, unless it is muted. */
  readonly archived?: true;
  /** No notifications before then, ms since the epoch; `Number.MAX_SAFE_INTEGER` for ever. */
  readonly mutedUntil?: number;
  /** Shown as unread although everything was seen. */
  readonly markedUnread?: true;
  /** Messages older than this are deleted here, ms; absent to keep them. */
  readonly keepMs?: number;
}

export interface MessageRecord {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly from: { readonly userId: UserId; readonly deviceId: DeviceId };
  /** Sent by this account, from this device or another of its own. */
  readonly own: boolean;
  /**
   * Place in the conversation: hybrid time (12 hex digits of ms, 4 of counter) and the sender's
   * device id, so that all devices sort alike and no two messages are equal. Compares as text.
   */
  readonly order: string;
  /** The sender's clock and ours, ms since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly body: KeptBody;
  readonly delivery: DeliveryState;
  /** The newest edit: when, by its writer's clock, and its place in the order. */
  readonly edited?: Place;
  /** The newest of each person. */
  readonly reactions?: readonly StoredReaction[];
  /** The newest word of anybody's about pinning it. */
  readonly pin?: StoredPin;
  /** Of one's own, by the device that it was sent from: what became of it at each recipient. */
  readonly trail?: readonly DeviceTrail[];
}

/** The way of a message to one device: when what happened, by this device's clock. */
export interface DeviceTrail {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** The way it went last, and why. */
  readonly path?: Path;
  readonly reason?: PathReason;
  readonly sentAt?: number;
  /** The mailbox had it on disk. */
  readonly storedAt?: number;
  readonly deliveredAt?: number;
}

export interface StoredPin extends Place {
  readonly pinned: boolean;
}

/** When something was done to a message: the newest `order` holds at every device. */
export interface Place {
  readonly at: number;
  readonly order: string;
}

export interface StoredReaction extends Place {
  readonly userId: UserId;
  /** Absent where it was taken back. */
  readonly emoji?: string;
}

/** A message that not every recipient device has acknowledged. */
export interface OutboxRecord {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  /** Absent in a group. */
  readonly peer?: UserId;
  readonly sequence: number;
  /** JSON of the `Content`. What it was sealed as is not kept: after a restart it is sealed anew. */
  readonly content: string;
  readonly queuedAt: number;
  readonly recipients: readonly OutboxRecipient[];
}

export interface OutboxRecipient {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Sequence of the message before this one for this device (SPEC D3). */
  readonly after: number;
  /** `stored`: the mailbox has it on disk; the device has not acknowledged it yet. */
  readonly state: "waiting" | "stored" | "acknowledged";
}

/** The store failed. `reason` tells what a person can do about it. */
export class StoreError extends Error {
  readonly reason: "damaged" | "locked" | "full" | "forbidden" | "unknown";

  constructor(reason: StoreError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.reason = reason;
  }
}

import type { ConversationId, DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import { OUTBOX_MAX_AGE_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { MessageRecord, OutboxRecipient, OutboxRecord, Store, StoreWrite } from "../store.ts";
import { reduceDelivery } from "./delivery-reducer.ts";
import type {
  DeliveryEvent,
  FailureReason,
  Path,
  PathReason,
  WaitReason,
} from "./delivery-state.ts";
import type { Journal } from "./journal.ts";
import { withStep, type Step } from "./trail.ts";

/** A message on its way, in memory. */
export interface OutboxItem {
  /** Its place among all; smaller was queued earlier. */
  readonly position: number;
  record: OutboxRecord;
  /** UTF-8 of `record.content`. */
  readonly plaintext: Uint8Array;
  /** The sealed part of its envelopes, the same for all recipients; absent until it is made. */
  sealed: Uint8Array | undefined;
  /** What the sender sees of it; absent for read marks, which nobody sees. */
  message: MessageRecord | undefined;
}

interface OutboxOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** The account itself: its own other devices do not count as delivered to. */
  readonly self: () => UserId;
  /** All of these people told that they have read up to this message, or further. */
  readonly isRead: (message: MessageRecord, people: readonly UserId[]) => boolean;
  /** The item is no more, although not everybody has it. */
  readonly onEnded: (item: OutboxItem) => void;
  /** The recipient will not get it. What it returns is saved with that. */
  readonly onGivenUp: (record: OutboxRecord, recipient: OutboxRecipient) => readonly StoreWrite[];
  readonly onChanged: (message: MessageRecord) => void;
}

/**
 * Messages that not every recipient device has acknowledged: what is in the store, with its live
 * state. Changes are told at once and saved by the journal; where saving fails, the message is
 * merely sent once more after a restart.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #items = new Map<MessageId, OutboxItem>();
  /** Messages of which somebody wants to know when they have left. */
  readonly #leaving = new Map<MessageId, PromiseWithResolvers<void>>();
  readonly #encoder = new TextEncoder();
  #position = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what was saved, in order. @throws StoreError */
  async load(store: Store): Promise<readonly OutboxItem[]> {
    for (const record of await store.outbox()) {
      this.add(record, await store.message(record.id));
    }
    return [...this.#items.values()];
  }

  get size(): number {
    return this.#items.size;
  }

  get(id: MessageId): OutboxItem | undefined {
    return this.#items.get(id);
  }

  /** Resolves when no device has to wait for it here: it has it, the mailbox keeps it, or it ended. */
  left(id: MessageId): Promise<void> {
    if (this.#hasLeft(id)) return Promise.resolve();
    const leaving = this.#leaving.get(id) ?? Promise.withResolvers<void>();
    this.#leaving.set(id, leaving);
    return leaving.promise;
  }

  /** The message as it is now, where the store may be behind. */
  live(message: MessageRecord): MessageRecord {
    return this.#items.get(message.id)?.message ?? message;
  }

  /** The message was edited, reacted to or taken back while it is on its way. */
  revise(message: MessageRecord): void {
    const item = this.#items.get(message.id);
    if (item?.message !== undefined) item.message = message;
  }

  /** The others whom it is for, and who are yet to get it or have it. */
  peopleOf({ record }: OutboxItem): readonly UserId[] {
    const self = this.#options.self();
    const all = new Set(record.recipients.map(({ userId }) => userId));
    return [...all].filter((userId) => userId !== self);
  }

  /** The message was deleted here: it goes on, and nobody sees it any more. */
  hide(id: MessageId): void {
    const item = this.#items.get(id);
    if (item !== undefined) item.message = undefined;
  }

  add(record: OutboxRecord, message: MessageRecord | undefined): OutboxItem {
    const plaintext = this.#encoder.encode(record.content);
    const item: OutboxItem = {
      position: this.#position++,
      record,
      plaintext,
      sealed: undefined,
      message,
    };
    this.#items.set(record.id, item);
    return item;
  }

  /** The commit that would have made it durable failed. */
  discard(id: MessageId): void {
    this.#items.delete(id);
    this.#tellLeft(id);
  }

  waiting(item: OutboxItem, device: DeviceId, reason: WaitReason): void {
    if (this.#isPeer(item, device)) this.#reduce(item, { type: "waiting", reason });
  }

  /** Not saved each time: after a crash the message is queued and sent again (SPEC D7). */
  sent(item: OutboxItem, device: DeviceId, path: Path, reason: PathReason): void {
    this.#note(item, device, { sentAt: this.#options.clock.now(), path, reason });
    if (this.#isPeer(item, device)) this.#reduce(item, { type: "sent", path, reason });
  }

  /** The mailbox has it on disk for that device. */
  stored(item: OutboxItem, device: DeviceId, reason: PathReason): void {
    if (!this.#items.has(item.record.id)) return;
    if (!this.#setState(item, device, "stored")) return;
    this.sent(item, device, "stored", reason);
    this.#note(item, device, { storedAt: this.#options.clock.now() });
    this.#save([{ type: "put-outbox", item: item.record }, ...messageWrite(item)]);
    // Where all of it rests on disks, none of it has to in memory; it can be sealed anew.
    if (item.record.recipients.every(({ state }) => state !== "waiting")) item.sealed = undefined;
  }

  /** Is that device yet to tell that it has the message of that conversation? */
  expects(item: OutboxItem, conversationId: ConversationId, device: DeviceId): boolean {
    const { recipients } = item.record;
    return (
      item.record.conversationId === conversationId &&
      recipients.some((one) => one.deviceId === device && one.state !== "acknowledged")
    );
  }

  /** The device has it. False where it is not, or no longer, expected from that device. */
  acknowledged(
    item: OutboxItem,
    conversationId: ConversationId,
    device: DeviceId,
    path: Path,
  ): boolean {
    if (item.record.conversationId !== conversationId) return false;
    if (!this.#setState(item, device, "acknowledged")) return false;
    const at = this.#options.clock.now();
    this.#note(item, device, { deliveredAt: at, path });
    if (this.#isPeer(item, device)) this.#delivered(item, at, path);
    this.#settle(item, messageWrite(item));
    return true;
  }

  /** The message was read: only for those that are still here; others are in the store alone. */
  read(item: OutboxItem, at: number): void {
    if (this.#reduce(item, { type: "read", at })) this.#save(messageWrite(item));
  }

  /** Recipients that are no more, or never took it: the message ends where nobody is left. */
  drop(item: OutboxItem, device: DeviceId, reason: FailureReason): void {
    const recipients = item.record.recipients.filter((one) => one.deviceId !== device);
    if (!this.#items.has(item.record.id)) return;
    const gone = item.record.recipients.find((one) => one.deviceId === device);
    if (gone === undefined) return;
    this.#save(this.#options.onGivenUp(item.record, gone));
    item.record = { ...item.record, recipients };
    this.#tellLeft(item.record.id);
    const peerLeft = recipients.some((one) => this.#isPeer(item, one.deviceId));
    // A read mark may be for one's own devices alone; it ends when the last of them has it.
    if (!peerLeft && (item.message !== undefined || recipients.length === 0)) {
      this.fail(item, reason);
      return;
    }
    // Those who are left may all have it (SPEC G9).
    const path = item.message?.trail?.findLast((step) => step.deliveredAt !== undefined)?.path;
    this.#delivered(item, this.#options.clock.now(), path ?? "stored");
    this.#settle(item, messageWrite(item));
  }

  /**
   * It has waited for too long. In a group it ends so for those alone who do not have it, unless that
   * is everybody.
   */
  expire(item: OutboxItem): void {
    const { peer, recipients } = item.record;
    const late = recipients.filter(({ state }) => state !== "acknowledged");
    const reached = recipients.some(
      ({ deviceId, state }) => state === "acknowledged" && this.#isPeer(item, deviceId),
    );
    if (peer !== undefined || !reached) return this.fail(item, "expired");
    this.#options.onEnded(item);
    for (const { deviceId } of late) this.drop(item, deviceId, "expired");
  }

  /** Ends the message with an error that its sender sees, unless it was delivered. */
  fail(item: OutboxItem, reason: FailureReason): void {
    if (!this.#items.has(item.record.id)) return;
    this.#reduce(item, { type: "failed", reason });
    this.#items.delete(item.record.id);
    const gaps = item.record.recipients
      .filter(({ state }) => state !== "acknowledged")
      .flatMap((recipient) => this.#options.onGivenUp(item.record, recipient));
    this.#tellLeft(item.record.id);
    this.#save([{ type: "delete-outbox", id: item.record.id }, ...messageWrite(item), ...gaps]);
    this.#options.onEnded(item);
  }

  /** At an orderly end, so that the next start shows what was sent as sent. */
  saveSent(): void {
    for (const item of this.#items.values()) {
      if (item.message?.delivery.state === "sent") this.#save(messageWrite(item));
    }
  }

  /** Items queued longer ago than they may wait; the oldest come first, so the search ends soon. */
  expired(): readonly OutboxItem[] {
    const oldest = this.#options.clock.now() - OUTBOX_MAX_AGE_MS;
    const found: OutboxItem[] = [];
    for (const item of this.#items.values()) {
      if (item.record.queuedAt >= oldest) break;
      found.push(item);
    }
    return found;
  }

  /** Everybody whom it is for has it, each on one device at least (SPEC D8, G9). */
  #delivered(item: OutboxItem, at: number, path: Path): void {
    const has = new Set(
      item.record.recipients
        .filter(({ state }) => state === "acknowledged")
        .map(({ userId }) => userId),
    );
    const people = this.peopleOf(item);
    if (people.length === 0 || !people.every((userId) => has.has(userId))) return;
    if (!this.#reduce(item, { type: "delivered", at, path })) return;
    if (item.message !== undefined && this.#options.isRead(item.message, people)) {
      this.#reduce(item, { type: "read", at });
    }
  }

  #isPeer(item: OutboxItem, device: DeviceId): boolean {
    const recipient = item.record.recipients.find((one) => one.deviceId === device);
    return recipient !== undefined && recipient.userId !== this.#options.self();
  }

  /** What is told of one device is shown where somebody asks for it. */
  #note(item: OutboxItem, device: DeviceId, step: Step): void {
    const recipient = item.record.recipients.find(({ deviceId }) => deviceId === device);
    if (item.message === undefined || recipient === undefined) return;
    item.message = { ...item.message, trail: withStep(item.message.trail, recipient, step) };
  }

  #setState(item: OutboxItem, device: DeviceId, state: OutboxRecipient["state"]): boolean {
    let changed = false;
    const recipients = item.record.recipients.map((one) => {
      if (one.deviceId !== device || one.state === "acknowledged" || one.state === state) {
        return one;
      }
      changed = true;
      return { ...one, state };
    });
    if (changed) item.record = { ...item.record, recipients };
    if (changed) this.#tellLeft(item.record.id);
    return changed;
  }

  #hasLeft(id: MessageId): boolean {
    const recipients = this.#items.get(id)?.record.recipients ?? [];
    return recipients.every(({ state }) => state !== "waiting");
  }

  #tellLeft(id: MessageId): void {
    if (!this.#hasLeft(id)) return;
    this.#leaving.get(id)?.resolve();
    this.#leaving.delete(id);
  }

  /** Leaves where everybody has it, or saves who has. */
  #settle(item: OutboxItem, writes: readonly StoreWrite[]): void {
    const { id, recipients } = item.record;
    if (recipients.every(({ state }) => state === "acknowledged")) {
      this.#items.delete(id);
      this.#save([...writes, { type: "delete-outbox", id }]);
    } else {
      this.#save([...writes, { type: "put-outbox", item: item.record }]);
    }
  }

  #reduce(item: OutboxItem, event: DeliveryEvent): boolean {
    if (item.message === undefined) return false;
    const delivery = reduceDelivery(item.message.delivery, event);
    if (delivery === item.message.delivery) return false;
    item.message = { ...item.message, delivery };
    this.#options.onChanged(item.message);
    return true;
  }

  #save(writes: readonly StoreWrite[]): void {
    // What is lost in a crash is found out again: the message is sent once more.
    if (writes.length > 0) this.#options.journal.later(writes);
  }
}

function messageWrite(item: OutboxItem): readonly StoreWrite[] {
  return item.message === undefined ? [] : [{ type: "put-message", message: item.message }];
}

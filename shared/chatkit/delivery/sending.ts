import * as v from "valibot";
import {
  encodeId,
  ID_BYTES,
  MessageId,
  type ConversationId,
  type ChangeBody,
  type FileBody,
  type HybridTime,
  type MessageBody,
  type MessageContent,
  type TextBody,
  type UserId,
} from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { MAX_OUTBOX } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Clock, Random } from "../ports.ts";
import type { MessageRecord, OutboxRecipient, OutboxRecord, Store, StoreWrite } from "../store.ts";
import type { Audience, Place, Weight } from "./audience.ts";
import { changed, type Change, type Changes } from "./changes.ts";
import type { Directory } from "./directory.ts";
import type { Journal } from "./journal.ts";
import { encodeOrder, orderTime } from "./order.ts";
import type { Outbox, OutboxItem } from "./outbox.ts";
import type { ReadMarks } from "./read-marks.ts";
import type { Securing } from "./securing.ts";
import { orStoreFailed, storeFailed } from "./store-failed.ts";
import type { Timelines } from "./timelines.ts";

interface SendingOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: Directory;
  readonly audience: Audience;
  readonly book: ConversationBook;
  readonly timelines: Timelines;
  readonly outbox: Outbox;
  readonly readMarks: ReadMarks;
  readonly changes: Changes;
  readonly securing: Securing;
  readonly serverOnline: () => boolean;
  /** The person lets others know what they have read. */
  readonly tellsReading: () => boolean;
  /** It is durable, and may leave. */
  readonly onQueued: (item: OutboxItem) => void;
  readonly onMessage: (message: MessageRecord) => void;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
}

/** Makes messages of what people write and read, and queues them: durable, sealed, in sequence. */
export class Sending {
  readonly #options: SendingOptions;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /**
   * Queues a message: durable once this resolves.
   * @throws ChatKitError no-such-conversation, not-buddies, not-permitted (in a group), no-such-device,
   * too-many-requests (outbox full), store-failed
   */
  async send(conversationId: ConversationId, body: TextBody | FileBody): Promise<MessageRecord> {
    const { audience, book, clock, directory, outbox, timelines } = this.#options;
    const { onConversationChanged, onMessage } = this.#options;
    const place = audience.place(conversationId);
    const recipients = this.#recipients(place, "writing");
    const now = clock.now();
    const next = timelines.next(conversationId, recipients, now);
    const message: MessageRecord = {
      id: this.#newId(),
      conversationId,
      from: directory.self,
      own: true,
      order: encodeOrder(next.at, directory.self.deviceId),
      sentAt: now,
      receivedAt: now,
      body,
      delivery: this.#queuedState(),
    };
    const content = this.#content(place, next.at, body);
    const record = recordOf({ id: message.id, place, content, next, now });
    await this.#queue(
      record,
      message,
      () => [book.added(place.peer, message)],
      () => onMessage(message),
    );
    onConversationChanged(conversationId);
    return outbox.live(message);
  }

  /**
   * Queues a failed message again, under its id and in its old place.
   * @throws ChatKitError no-such-conversation (there is no such failed message of one's own), and
   * as `send`
   */
  async resend(id: MessageId): Promise<MessageRecord> {
    const { audience, book, clock, journal, outbox, store, timelines } = this.#options;
    const { onConversationChanged, onMessageChanged } = this.#options;
    const failed = await orStoreFailed(async () => {
      await journal.commit([]);
      return await store.message(id);
    });
    if (
      failed === undefined ||
      failed.body.type === "recalled" ||
      failed.body.type === "membership" ||
      failed.delivery.state !== "failed"
    ) {
      throw new ChatKitError("no-such-conversation", "There is no such failed message.");
    }
    const place = audience.place(failed.conversationId);
    const now = clock.now();
    const recipients = this.#recipients(place, "writing");
    const next = timelines.next(failed.conversationId, recipients, now);
    const { trail: _, ...again } = failed;
    const message: MessageRecord = { ...again, delivery: this.#queuedState() };
    const { body, conversationId } = failed;
    const at = orderTime(failed.order);
    const content = this.#content(place, at, body);
    const record = recordOf({ id, place, content, next, now });
    await this.#queue(record, message, () => []);
    if (book.changed(message)) onConversationChanged(conversationId);
    onMessageChanged(message);
    return outbox.live(message);
  }

  /**
   * Queues a change, and makes it here.
   * @throws ChatKitError no-such-message, not-permitted (not one's own, or too long ago), and as
   * `send`
   */
  change(body: ChangeBody): Promise<MessageRecord> {
    return this.#options.changes.exclusive(async () => {
      const { audience, changes, clock, directory, outbox, timelines } = this.#options;
      const target = await orStoreFailed(() => changes.find(body.of));
      if (target === undefined) {
        throw new ChatKitError("no-such-message", "There is no such message.");
      }
      const place = audience.place(target.conversationId);
      // It may be delivered, and leave the outbox, while the change is sealed.
      const item = outbox.get(target.id);
      const current = (): MessageRecord => item?.message ?? target;
      const { conversationId } = target;
      const recipients = this.#recipients(place, weightOf(body));
      const now = clock.now();
      const next = timelines.next(conversationId, recipients, now);
      const id = this.#newId();
      const order = encodeOrder(next.at, directory.self.deviceId);
      const by = directory.self.userId;
      const change: Change = { id, conversationId, by, order, at: now, body };
      if (changed(target, change) === target) {
        throw new ChatKitError("not-permitted", "This message cannot be changed any more.");
      }
      const content = this.#content(place, next.at, body);
      const record = recordOf({ id, place, content, next, now });
      let writes: readonly StoreWrite[] = [];
      try {
        await this.#queue(record, undefined, () => {
          // What is told of its delivery meanwhile is kept.
          writes = changes.revise(current(), [change]);
          return writes;
        });
      } catch (error) {
        changes.undo(target);
        throw error;
      }
      changes.tell(writes);
      return outbox.live(changed(current(), change));
    });
  }

  /**
   * Brings people who have just come into a group the key of its name; this account's other devices,
   * too. Nobody sees it. @throws ChatKitError not-permitted, too-many-requests, store-failed
   */
  async greet(
    conversationId: ConversationId,
    people: readonly UserId[],
  ): Promise<MessageId | undefined> {
    const { audience, clock, directory, timelines } = this.#options;
    const place = audience.place(conversationId);
    const devices = [...audience.devicesOf(people, place), ...directory.ownOthers()];
    if (devices.length === 0) return undefined;
    this.#checkRoom();
    const now = clock.now();
    const next = timelines.next(conversationId, devices, now, audience.others(place));
    const content = this.#content(place, next.at, { type: "greeting" });
    const record = recordOf({ id: this.#newId(), place, content, next, now });
    await this.#queue(record, undefined, () => []);
    return record.id;
  }

  /** @throws ChatKitError store-failed */
  async markRead(conversationId: ConversationId): Promise<void> {
    const { audience, book, clock, directory, outbox, readMarks, timelines } = this.#options;
    const entry = book.get(conversationId);
    if (entry === undefined) return;
    const { readUpTo = "" } = entry.record;
    const newest = await orStoreFailed(() => readMarks.newestOfOthers(conversationId));
    const write = newest && book.read(conversationId, newest.order, 0);
    if (newest === undefined || write === undefined) {
      await this.#unmark(conversationId);
      return;
    }
    this.#options.onConversationChanged(conversationId);
    const place = audience.place(conversationId);
    const theirs = await orStoreFailed(() => this.#whoIsTold(place, newest, readUpTo));
    const devices = theirs === undefined ? [] : [...theirs, ...directory.ownOthers()];
    if (devices.length === 0 || outbox.size >= MAX_OUTBOX) {
      await this.#commit([write]);
      return;
    }
    const now = clock.now();
    const next = timelines.next(conversationId, devices, now, audience.others(place));
    const body: MessageBody = { type: "read", upTo: newest.id };
    const content = this.#content(place, next.at, body);
    const record = recordOf({ id: this.#newId(), place, content, next, now });
    await this.#queue(record, undefined, () => {
      const conversation = book.get(conversationId)?.record;
      return conversation === undefined ? [] : [{ type: "put-conversation", conversation }];
    });
  }

  /**
   * Devices that are told what was read: the buddy's; of a group those of the people who wrote what is
   * new, for everybody telling everybody would be far too much (SPEC G9). Undefined where not even
   * one's own can be told: in a group that this account is not in any more.
   */
  async #whoIsTold(
    place: Place,
    newest: MessageRecord,
    after: string,
  ): Promise<readonly LinkPeer[] | undefined> {
    const { audience, readMarks, tellsReading } = this.#options;
    const people = audience.people(place);
    const { conversationId, peer } = place;
    if (peer === undefined && audience.group(conversationId)?.standing !== "member") {
      return undefined;
    }
    if (!tellsReading()) return [];
    if (peer !== undefined) return audience.devicesOf(people, place);
    const writers = await readMarks.writersAfter(conversationId, after, newest);
    return audience.devicesOf(
      people.filter((userId) => writers.has(userId)),
      place,
    );
  }

  /** It was marked as unread, with nothing new in it. */
  async #unmark(conversationId: ConversationId): Promise<void> {
    const { book } = this.#options;
    const { settings, unread = 0 } = book.get(conversationId)?.record ?? {};
    if (settings?.markedUnread !== true && unread === 0) return;
    const write = book.seen(conversationId);
    this.#options.onConversationChanged(conversationId);
    if (write !== undefined) await this.#commit([write]);
  }

  /**
   * From that message on nothing counts as seen, on this device.
   * @throws ChatKitError no-such-message (also where it is too far back), store-failed
   */
  async markUnread(id: MessageId): Promise<void> {
    const { book, changes, readMarks } = this.#options;
    const message = await orStoreFailed(() => changes.find(id));
    const unread = message && (await orStoreFailed(() => readMarks.countFrom(message)));
    if (message === undefined || unread === undefined) {
      throw new ChatKitError("no-such-message", "There is no such message among the newest.");
    }
    const { conversationId, order } = message;
    // Before this message, and after every other one.
    const write = book.unread(conversationId, order.slice(0, -1), unread);
    this.#options.onConversationChanged(conversationId);
    if (write !== undefined) await this.#commit([write]);
  }

  #recipients(place: Place, weight: Weight): readonly LinkPeer[] {
    const recipients = this.#options.audience.recipients(place, weight);
    this.#checkRoom();
    return recipients;
  }

  #checkRoom(): void {
    if (this.#options.outbox.size < MAX_OUTBOX) return;
    throw new ChatKitError("too-many-requests", "Too many messages wait to be sent.", {
      retryable: true,
    });
  }

  #content(place: Place, at: HybridTime, body: MessageBody): MessageContent {
    return { kind: "message", ...this.#options.audience.address(place), at, body };
  }

  /** @param writes asked for when the commit is made: others may change the same until then */
  async #queue(
    record: OutboxRecord,
    message: MessageRecord | undefined,
    writes: () => readonly StoreWrite[],
    tell?: () => void,
  ): Promise<void> {
    const { book, outbox, securing, store, timelines } = this.#options;
    const item = outbox.add(record, message);
    try {
      await securing.queue(item, () => [
        ...(message === undefined ? [] : [{ type: "put-message" as const, message }]),
        { type: "put-outbox", item: record },
        timelines.write(record.conversationId),
        ...writes(),
      ]);
    } catch (error) {
      outbox.discard(record.id);
      for (const recipient of record.recipients) this.givenUp(record, recipient);
      await orStoreFailed(() => book.load(store));
      throw storeFailed(error);
    }
    // Before it is on its way: nobody hears of a change to a message they do not know.
    tell?.();
    this.#options.onQueued(item);
  }

  /** A recipient will not get it: returns what keeps later messages from waiting for it there. */
  givenUp(
    { conversationId, sequence }: OutboxRecord,
    { deviceId, after }: OutboxRecipient,
  ): readonly StoreWrite[] {
    const write = this.#options.timelines.failed(conversationId, deviceId, { sequence, after });
    return write === undefined ? [] : [write];
  }

  async #commit(writes: readonly StoreWrite[]): Promise<void> {
    const { book, journal, store } = this.#options;
    try {
      await journal.commit(writes);
    } catch (error) {
      await orStoreFailed(() => book.load(store));
      throw storeFailed(error);
    }
  }

  #queuedState(): MessageRecord["delivery"] {
    return {
      state: "queued",
      waiting: this.#options.serverOnline() ? "sending" : "server-unreachable",
    };
  }

  #newId(): MessageId {
    return v.parse(MessageId, encodeId(this.#options.random.bytes(ID_BYTES)));
  }
}

/** Whoever may not write in a group may react there, and take back what they wrote before. */
export function weightOf({ type }: MessageBody): Weight {
  const remarks = ["read", "greeting", "reaction", "recall"];
  return remarks.includes(type) ? "remark" : "writing";
}

function recordOf(parts: {
  readonly id: MessageId;
  readonly place: Place;
  readonly content: MessageContent;
  readonly next: Pick<OutboxRecord, "recipients" | "sequence">;
  readonly now: number;
}): OutboxRecord {
  const { content, id, next, now, place } = parts;
  return {
    id,
    ...place,
    sequence: next.sequence,
    content: JSON.stringify(content),
    queuedAt: now,
    recipients: next.recipients,
  };
}

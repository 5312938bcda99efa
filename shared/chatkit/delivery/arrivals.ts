import type {
  ConversationId,
  DeviceId,
  MessageBody,
  MessageId,
  GreetingBody,
  ReadBody,
} from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { MAX_SEEN_IDS } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import { isChange, type Changes } from "./changes.ts";
import type { Incoming, Letter, Standing } from "./arrival.ts";
import type { Directory } from "./directory.ts";
import type { HoldBack } from "./hold-back.ts";
import type { Journal } from "./journal.ts";
import { encodeOrder } from "./order.ts";
import type { ReadMarks } from "./read-marks.ts";
import type { Receipts } from "./receipts.ts";
import type { Timelines } from "./timelines.ts";

const CURSOR = "cursor/";

interface ArrivalsOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly book: ConversationBook;
  readonly timelines: Timelines;
  readonly holdBack: HoldBack;
  readonly readMarks: ReadMarks;
  readonly changes: Changes;
  readonly receipts: Pick<Receipts, "add" | "flush">;
  readonly onMessage: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
  readonly onStoreFailed: (error: unknown) => void;
}

interface Fresh {
  readonly incoming: Incoming;
  /** Absent for a read mark, a change, and a message that is known and has a new sequence. */
  readonly message: MessageRecord | undefined;
}

/** Makes received messages durable, once each; then acknowledges, then tells (SPEC D1, D4). */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** Sender device of what was received lately; the store knows the rest. */
  readonly #seen = new Map<MessageId, DeviceId>();
  /** Highest durable sequence, by conversation and sender device. */
  readonly #cursors = new Map<string, number>();
  /** As they are now: saved, and not told yet. Bounded as what is held back. */
  readonly #untold = new Map<MessageId, MessageRecord>();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(): Promise<void> {
    const { store, holdBack, book } = this.#options;
    const cursors = await store.values(CURSOR);
    const known = new Map<string, ConversationId>(
      book.list().map(({ record }) => [record.conversationId, record.conversationId]),
    );
    for (const [key, value] of cursors) {
      const name = key.slice(CURSOR.length);
      const [conversation = "", device = ""] = name.split("/");
      const conversationId = known.get(conversation);
      if (conversationId === undefined) continue;
      this.#cursors.set(name, Number(value));
      holdBack.resume(conversationId, device, Number(value));
    }
  }

  /** @throws StoreError */
  async standingOf(letters: readonly Letter[]): Promise<readonly Standing[]> {
    const { store } = this.#options;
    return await Promise.all(
      letters.map(async ({ envelope: { conversationId, from, id, sequence } }) => {
        const first = this.#seen.get(id) ?? (await store.message(id))?.from.deviceId;
        if (first === undefined) return "new";
        if (first !== from) return "foreign";
        // Had, failed at its sender, and sent again: what follows names its new sequence.
        return sequence > (this.#cursors.get(`${conversationId}/${from}`) ?? 0) ? "moved" : "known";
      }),
    );
  }

  /** A message was changed: whoever is told of it later is told so. */
  revised(message: MessageRecord): void {
    if (this.#untold.has(message.id)) this.#untold.set(message.id, message);
  }

  /**
   * Saves the messages; duplicates are acknowledged once more. Never rejects: where the store fails,
   * nothing of it all is acknowledged.
   */
  async take(messages: readonly Incoming[], duplicates: readonly Letter[]): Promise<void> {
    const { onStoreFailed, receipts } = this.#options;
    const all: readonly Letter[] = [...messages, ...duplicates];
    try {
      const fresh = messages.map((incoming): Fresh => ({
        incoming,
        message: incoming.isKnown ? undefined : this.#messageOf(incoming),
      }));
      const failed = fresh.length > 0 ? await this.#takeFresh(fresh) : new Set<MessageId>();
      for (const { arrival, envelope } of all) {
        if (failed.has(envelope.id)) {
          arrival.settle?.("failed");
          continue;
        }
        receipts.add("delivered", envelope, arrival.link);
        arrival.settle?.("done");
      }
      receipts.flush();
      this.#tell(fresh);
    } catch (error) {
      onStoreFailed(error);
      for (const { arrival } of all) arrival.settle?.("failed");
    }
  }

  #messageOf({ arrival, content, envelope, path }: Incoming): MessageRecord | undefined {
    const { body } = content;
    if (isRead(body) || isChange(body) || isGreeting(body)) return undefined;
    const { from } = arrival;
    const { clock, directory, timelines } = this.#options;
    const now = clock.now();
    const at = timelines.observe(envelope.conversationId, content.at, now);
    return {
      id: envelope.id,
      conversationId: envelope.conversationId,
      from,
      own: from.userId === directory.self.userId,
      order: encodeOrder(at, from.deviceId),
      // Nothing was sent after it came: then a clock is wrong, or ran ahead for the order's sake.
      sentAt: Math.min(at.ms, now),
      receivedAt: now,
      body,
      delivery: { state: "received", path },
    };
  }

  /** Returns the read marks that could not be taken in. @throws StoreError; then nothing was */
  async #takeFresh(fresh: readonly Fresh[]): Promise<ReadonlySet<MessageId>> {
    const { book, directory, journal, store } = this.#options;
    const writes: StoreWrite[] = [];
    const conversations = new Map<ConversationId, StoreWrite>();
    const cursors = new Map<string, number>();
    for (const { incoming, message } of fresh) {
      const { conversationId, from, sequence } = incoming.envelope;
      const cursor = `${conversationId}/${from}`;
      const last = cursors.get(cursor) ?? this.#cursors.get(cursor) ?? 0;
      if (sequence > last) cursors.set(cursor, sequence);
      if (message === undefined) continue;
      const { userId } = incoming.arrival.from;
      const other = userId === directory.self.userId ? incoming.content.peer : userId;
      const peer = incoming.content.group === undefined ? other : undefined;
      writes.push({ type: "put-message", message });
      conversations.set(conversationId, book.added(peer, message));
    }
    for (const [name, sequence] of cursors) {
      writes.push({ type: "put-value", key: CURSOR + name, value: String(sequence) });
    }
    try {
      await journal.commit([...writes, ...conversations.values()]);
    } catch (error) {
      await book.load(store);
      throw error;
    }
    for (const [name, sequence] of cursors) this.#cursors.set(name, sequence);
    for (const { message } of fresh)
      if (message !== undefined) this.#untold.set(message.id, message);
    const failed = new Set<MessageId>();
    for (const { incoming, message } of fresh) {
      try {
        if (message === undefined) await this.#takeMark(incoming);
        else this.revised(await this.#arrived(message));
        this.#remember(incoming.envelope.id, incoming.envelope.from);
      } catch (error) {
        this.#options.onStoreFailed(error);
        // The messages themselves are durable.
        if (message === undefined) failed.add(incoming.envelope.id);
      }
    }
    return failed;
  }

  /** What came before the message can be taken in now. */
  async #arrived(message: MessageRecord): Promise<MessageRecord> {
    const { changes, readMarks } = this.#options;
    await readMarks.arrived(message);
    return await changes.arrived(message);
  }

  async #takeMark({ arrival, content, envelope }: Incoming): Promise<void> {
    const { changes, clock, directory, readMarks, timelines } = this.#options;
    const { id, conversationId } = envelope;
    const { body } = content;
    const { userId, deviceId } = arrival.from;
    if (isRead(body)) {
      const isOwn = userId === directory.self.userId;
      const mark = { conversationId, upTo: body.upTo, by: userId, own: isOwn };
      await changes.exclusive(() => readMarks.apply(mark));
    } else if (isChange(body)) {
      const now = clock.now();
      const at = timelines.observe(conversationId, content.at, now);
      const order = encodeOrder(at, deviceId);
      await changes.take({
        id,
        conversationId,
        by: userId,
        order,
        at: Math.min(at.ms, now),
        body,
      });
    }
  }

  #remember(id: MessageId, from: DeviceId): void {
    this.#seen.set(id, from);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= MAX_SEEN_IDS) break;
      this.#seen.delete(oldest);
    }
  }

  #tell(fresh: readonly Fresh[]): void {
    const { holdBack, onConversationChanged, onMessage } = this.#options;
    const changed = new Set<ConversationId>();
    for (const { incoming, message } of fresh) {
      if (message !== undefined) changed.add(message.conversationId);
      holdBack.offer(incoming.envelope, () => {
        if (message === undefined) return;
        const now = this.#untold.get(message.id) ?? message;
        this.#untold.delete(message.id);
        onMessage(now);
      });
    }
    for (const conversationId of changed) onConversationChanged(conversationId);
  }
}

function isGreeting(body: MessageBody): body is GreetingBody {
  return body.type === "greeting";
}

function isRead(body: MessageBody): body is ReadBody {
  return body.type === "read";
}

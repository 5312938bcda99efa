import * as v from "valibot";
import { DeviceId, MessageId, type ConversationId, type UserId } from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import type { GroupNews } from "../groups/group-directory.ts";
import type { Clock } from "../ports.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import type { Journal } from "./journal.ts";
import { encodeOrder } from "./order.ts";
import type { Timelines } from "./timelines.ts";

interface GroupHistoryOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly book: ConversationBook;
  readonly timelines: Timelines;
  readonly self: () => UserId;
  readonly onMessage: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
}

/** Puts what happened in groups into their histories (SPEC G10). */
export class GroupHistory {
  readonly #options: GroupHistoryOptions;

  constructor(options: GroupHistoryOptions) {
    this.#options = options;
  }

  /** Each once. Resolves when they are durable. @throws StoreError; then none of them is */
  async take(news: readonly GroupNews[]): Promise<void> {
    const { book, journal, onConversationChanged, onMessage, store } = this.#options;
    const known = await Promise.all(news.map(({ id }) => store.message(v.parse(MessageId, id))));
    // Somebody may have sent a message under the id of a statement: the statement is what counts.
    const fresh = news
      .filter((_, at) => known[at]?.body.type !== "membership")
      .map((one) => this.#messageOf(one));
    if (fresh.length === 0) return;
    const writes: StoreWrite[] = [];
    const conversations = new Map<ConversationId, StoreWrite>();
    for (const message of fresh) {
      writes.push({ type: "put-message", message });
      conversations.set(message.conversationId, book.added(undefined, message));
    }
    try {
      await journal.commit([...writes, ...conversations.values()]);
    } catch (error) {
      await book.load(store);
      throw error;
    }
    for (const message of fresh) onMessage(message);
    for (const conversationId of conversations.keys()) onConversationChanged(conversationId);
  }

  /** The id of the statement stands for a device's, so that the place is the same everywhere. */
  #messageOf({ at, conversationId, id, note }: GroupNews): MessageRecord {
    const { clock, self, timelines } = this.#options;
    const now = clock.now();
    const deviceId = v.parse(DeviceId, id);
    const time = timelines.observe(conversationId, { ms: at, counter: 0 }, now);
    return {
      id: v.parse(MessageId, id),
      conversationId,
      from: { userId: note.by, deviceId },
      own: note.by === self(),
      order: encodeOrder(time, deviceId),
      sentAt: Math.min(time.ms, now),
      receivedAt: now,
      body: note,
      delivery: { state: "received", path: "stored" },
    };
  }
}

import type { ConversationId, MessageId } from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import { reduceDelivery } from "./delivery-reducer.ts";
import type { Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";

const PREFIX = "read-by-peer/";
const PAGE = 200;

/** Pages looked through for one mark: messages older than that are not told to be read one by one. */
const MAX_PAGES = 25;

interface ReadMarksOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly book: ConversationBook;
  readonly outbox: Outbox;
  readonly now: () => number;
  /** The person wants to know what others have read, and tells it themselves. */
  readonly showsReading: () => boolean;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
}

/** What others, and one's own other devices, tell to have read (SPEC D9, D10). */
export class ReadMarks {
  readonly #options: ReadMarksOptions;
  /** `order` up to which the peer has read one's own messages. */
  readonly #byPeer = new Map<ConversationId, string>();
  /** Marks that came before the message they name; one for each conversation and side. */
  readonly #early = new Map<
    string,
    { upTo: MessageId; conversationId: ConversationId; own: boolean }
  >();

  constructor(options: ReadMarksOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(): Promise<void> {
    const orders = await this.#options.store.values(PREFIX);
    for (const { record } of this.#options.book.list()) {
      const order = orders.get(PREFIX + record.conversationId);
      if (order !== undefined) this.#byPeer.set(record.conversationId, order);
    }
  }

  isReadByPeer(message: MessageRecord): boolean {
    const order = this.#byPeer.get(message.conversationId);
    return order !== undefined && message.order <= order;
  }

  /**
   * The others' messages from that one on; undefined where it is too far back to be counted.
   * @throws StoreError
   */
  async countFrom({ conversationId, order }: MessageRecord): Promise<number | undefined> {
    let unread = 0;
    for await (const message of this.#downTo(conversationId, undefined, "")) {
      if (message.order < order) return unread;
      if (!message.own) unread++;
      if (message.order === order) return unread;
    }
    return undefined;
  }

  /** The newest message of the others, if there is one among the last. */
  async newestOfOthers(conversationId: ConversationId): Promise<MessageRecord | undefined> {
    const last = this.#options.book.get(conversationId)?.last;
    if (last !== undefined && !last.own) return last;
    const page = await this.#options.store.messages(conversationId, { limit: PAGE });
    return page.findLast((message) => !message.own);
  }

  /**
   * Takes a mark in. @param own by another device of this account
   * @throws StoreError
   */
  async apply(conversationId: ConversationId, upTo: MessageId, own: boolean): Promise<void> {
    const { store, journal, outbox, showsReading } = this.#options;
    if (!own && !showsReading()) return;
    // What is on its way into the store is waited for.
    await journal.commit([]);
    const target = outbox.get(upTo)?.message ?? (await store.message(upTo));
    if (target === undefined) {
      this.#early.set(`${conversationId}/${own}`, { upTo, conversationId, own });
      return;
    }
    if (target.conversationId !== conversationId) return;
    if (own) await this.#byOwnDevice(target);
    else await this.#byTheirs(target);
  }

  /** The message came: a mark that names it can be taken in. @throws StoreError */
  async arrived({ conversationId, id }: MessageRecord): Promise<void> {
    if (this.#early.size === 0) return;
    for (const own of [true, false]) {
      const name = `${conversationId}/${own}`;
      const early = this.#early.get(name);
      if (early?.upTo !== id) continue;
      this.#early.delete(name);
      await this.apply(conversationId, id, own);
    }
  }

  async #byOwnDevice({ conversationId, order }: MessageRecord): Promise<void> {
    const { book, journal } = this.#options;
    let unread = 0;
    for await (const message of this.#downTo(conversationId, undefined, order)) {
      if (!message.own) unread++;
    }
    const write = book.read(conversationId, order, unread);
    if (write === undefined) return;
    this.#options.onConversationChanged(conversationId);
    await journal.commit([write]);
  }

  async #byTheirs({ conversationId, order }: MessageRecord): Promise<void> {
    const { journal, outbox, now } = this.#options;
    const before = this.#byPeer.get(conversationId) ?? "";
    if (order <= before) return;
    this.#byPeer.set(conversationId, order);
    const writes: StoreWrite[] = [
      { type: "put-value", key: PREFIX + conversationId, value: order },
    ];
    const at = now();
    // A tilde sorts after every character of an order: the page includes the message itself.
    for await (const message of this.#downTo(conversationId, `${order}~`, before)) {
      if (!message.own) continue;
      const item = outbox.get(message.id);
      if (item !== undefined) {
        outbox.read(item, at);
        continue;
      }
      const delivery = reduceDelivery(message.delivery, { type: "read", at });
      if (delivery === message.delivery) continue;
      const changed = { ...message, delivery };
      writes.push({ type: "put-message", message: changed });
      this.#options.onMessageChanged(changed);
    }
    await journal.commit(writes);
  }

  /** Messages from before `before`, or the end, newest first, down to but without `until`. */
  async *#downTo(
    conversationId: ConversationId,
    before: string | undefined,
    until: string,
  ): AsyncGenerator<MessageRecord> {
    let end = before;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await this.#options.store.messages(conversationId, {
        limit: PAGE,
        ...(end === undefined ? {} : { before: end }),
      });
      for (const message of page.toReversed()) {
        if (message.order <= until) return;
        yield message;
      }
      end = page[0]?.order;
      if (page.length < PAGE || end === undefined) return;
    }
  }
}

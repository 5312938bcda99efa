import type { ConversationId, MessageId, UserId } from "../../protocol/index.ts";
import { counts, type ConversationBook } from "../conversations/conversation-book.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import { reduceDelivery } from "./delivery-reducer.ts";
import type { Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";

const PREFIX = "read-by-peer/";
const PAGE = 200;

/** Pages looked through for one mark: messages older than that are not told to be read one by one. */
const MAX_PAGES = 25;

/** Marks that wait for the message they name; of more, the oldest go, and the next mark makes up for it. */
const MAX_EARLY_MARKS = 4_096;

/** Somebody has seen everything up to a message. */
export interface ReadMark {
  readonly conversationId: ConversationId;
  readonly upTo: MessageId;
  readonly by: UserId;
  /** By another device of this account. */
  readonly own: boolean;
}

interface ReadMarksOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly book: ConversationBook;
  readonly outbox: Pick<Outbox, "get" | "read" | "peopleOf">;
  readonly now: () => number;
  /** The person wants to know what others have read, and tells it themselves. */
  readonly showsReading: () => boolean;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
}

/** What others, and one's own other devices, tell to have read (SPEC D9, D10). */
export class ReadMarks {
  readonly #options: ReadMarksOptions;
  /** `order` up to which they have read one's own messages, by conversation, in groups also by person. */
  readonly #byThem = new Map<string, string>();
  /** Marks that came before the message they name; one for each conversation and person. */
  readonly #early = new Map<string, ReadMark>();

  constructor(options: ReadMarksOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(): Promise<void> {
    for (const [key, order] of await this.#options.store.values(PREFIX)) {
      this.#byThem.set(key.slice(PREFIX.length), order);
    }
  }

  /** All of these people have read it, as far as they told. False where they are none. */
  isReadBy({ conversationId, order }: MessageRecord, people: readonly UserId[]): boolean {
    return (
      people.length > 0 &&
      people.every(
        (userId) => order <= (this.#byThem.get(this.#name(conversationId, userId)) ?? ""),
      )
    );
  }

  /** Those who wrote something of what comes after `after`, up to `newest`. @throws StoreError */
  async writersAfter(
    conversationId: ConversationId,
    after: string,
    newest: MessageRecord,
  ): Promise<ReadonlySet<UserId>> {
    const writers = new Set<UserId>();
    for await (const message of this.#downTo(conversationId, `${newest.order}~`, after)) {
      if (counts(message)) writers.add(message.from.userId);
    }
    return writers;
  }

  /**
   * The others' messages from that one on; undefined where it is too far back to be counted.
   * @throws StoreError
   */
  async countFrom({ conversationId, order }: MessageRecord): Promise<number | undefined> {
    let unread = 0;
    for await (const message of this.#downTo(conversationId, undefined, "")) {
      if (message.order < order) return unread;
      if (counts(message)) unread++;
      if (message.order === order) return unread;
    }
    return undefined;
  }

  /** The newest message of the others, if there is one among the last. */
  async newestOfOthers(conversationId: ConversationId): Promise<MessageRecord | undefined> {
    const last = this.#options.book.get(conversationId)?.last;
    if (last !== undefined && counts(last)) return last;
    const page = await this.#options.store.messages(conversationId, { limit: PAGE });
    return page.findLast(counts);
  }

  /** Takes a mark in. @throws StoreError */
  async apply(mark: ReadMark): Promise<void> {
    const { store, journal, outbox, showsReading } = this.#options;
    const { by, conversationId, own, upTo } = mark;
    if (!own && !showsReading()) return;
    // What is on its way into the store is waited for.
    await journal.commit([]);
    const target = outbox.get(upTo)?.message ?? (await store.message(upTo));
    if (target === undefined) {
      this.#early.set(`${conversationId}/${by}`, mark);
      for (const oldest of this.#early.keys()) {
        if (this.#early.size <= MAX_EARLY_MARKS) break;
        this.#early.delete(oldest);
      }
      return;
    }
    if (target.conversationId !== conversationId) return;
    if (own) await this.#byOwnDevice(target);
    else await this.#byTheirs(target, by);
  }

  /** The message came: a mark that names it can be taken in. @throws StoreError */
  async arrived({ conversationId, id }: MessageRecord): Promise<void> {
    if (this.#early.size === 0) return;
    // One whose message is gone again waits on: it must not be come upon a second time here.
    const ready = [...this.#early].filter(
      ([, early]) => early.upTo === id && early.conversationId === conversationId,
    );
    for (const [name, early] of ready) {
      this.#early.delete(name);
      await this.apply(early);
    }
  }

  async #byOwnDevice({ conversationId, order }: MessageRecord): Promise<void> {
    const { book, journal } = this.#options;
    let unread = 0;
    for await (const message of this.#downTo(conversationId, undefined, order)) {
      if (counts(message)) unread++;
    }
    const write = book.read(conversationId, order, unread);
    if (write === undefined) return;
    this.#options.onConversationChanged(conversationId);
    await journal.commit([write]);
  }

  async #byTheirs({ conversationId, order }: MessageRecord, by: UserId): Promise<void> {
    const { journal, outbox, now } = this.#options;
    const name = this.#name(conversationId, by);
    const before = this.#byThem.get(name) ?? "";
    if (order <= before) return;
    this.#byThem.set(name, order);
    const writes: StoreWrite[] = [{ type: "put-value", key: PREFIX + name, value: order }];
    const isGroup = name !== conversationId;
    const at = now();
    // A tilde sorts after every character of an order: the page includes the message itself.
    for await (const message of this.#downTo(conversationId, `${order}~`, before)) {
      if (!message.own) continue;
      const item = outbox.get(message.id);
      // Of a group it is read when everybody who got it has read it.
      const people = item === undefined ? whoHas(message) : outbox.peopleOf(item);
      if (isGroup && !this.isReadBy(message, people)) continue;
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

  /** In a conversation of two nobody else reads. */
  #name(conversationId: ConversationId, userId: UserId): string {
    const isGroup = this.#options.book.get(conversationId)?.record.peer === undefined;
    return isGroup ? `${conversationId}/${userId}` : conversationId;
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

/** The others who have told that they have it. */
export function whoHas({ from, trail = [] }: MessageRecord): readonly UserId[] {
  const have = trail.filter(({ deliveredAt }) => deliveredAt !== undefined);
  return [...new Set(have.map(({ userId }) => userId))].filter((id) => id !== from.userId);
}

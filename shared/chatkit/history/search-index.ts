import type { ConversationId, MessageId, UserId } from "../../protocol/index.ts";
import type { MessagePlace, MessageRecord, StoreWrite } from "../store.ts";
import { textOf } from "./message-text.ts";
import { findsAll, searchable } from "./words.ts";

/**
 * Characters of searchable text in memory, one or two bytes each: 500,000 messages of usual length.
 * What is older is read from the store each time that a search comes so far.
 */
const MAX_CHARACTERS = 48 * 1024 * 1024;

export interface IndexedMessage {
  readonly id: MessageId;
  readonly order: string;
  readonly conversationId: ConversationId;
  readonly from: UserId;
  readonly sentAt: number;
  readonly hasFile: boolean;
  /** As `searchable` makes it. */
  readonly text: string;
}

export interface SearchFilter {
  readonly conversationId?: ConversationId;
  readonly from?: UserId;
  readonly hasFile?: boolean;
  readonly since?: number;
  readonly until?: number;
}

/**
 * The newest messages of all conversations as they are searched, in memory: from the newest down to
 * some place, below which nothing was read yet. Looking through 100,000 takes some 10 ms, whatever
 * is looked for; no index on disk has to follow edits, recalls and deletions.
 */
export class SearchIndex {
  /** Newest first: what is read further back goes to the end. */
  #messages: IndexedMessage[] = [];
  readonly #byId = new Map<MessageId, IndexedMessage>();
  /** Each of these ids once: every message from the store brings its own copies, a quarter of it all. */
  readonly #conversations = new Map<ConversationId, ConversationId>();
  readonly #people = new Map<UserId, UserId>();
  #characters = 0;
  /** Nothing below is held; undefined at first, when nothing is. */
  #floor: MessagePlace | undefined;
  #complete = false;
  #full = false;

  /** Everything in the store is held. */
  get isComplete(): boolean {
    return this.#complete;
  }
  /** No more is taken in: what is older is not held. */
  get isFull(): boolean {
    return this.#full;
  }
  /** Where reading goes on. */
  get floor(): MessagePlace | undefined {
    return this.#floor;
  }
  get size(): number {
    return this.#messages.length;
  }

  /**
   * Takes in the next older messages as the store has them.
   * @param page newest first, below the floor
   */
  took(page: readonly MessageRecord[], isLast: boolean): void {
    for (const record of page) {
      const message = this.#indexed(record);
      this.#count(message, 1);
      this.#messages.push(message);
    }
    const lowest = page.at(-1);
    if (lowest !== undefined) this.#floor = { order: lowest.order, id: lowest.id };
    this.#complete = isLast;
    this.#full = this.#characters >= MAX_CHARACTERS;
  }

  /** What a commit changed, as far as it is held. */
  committed(writes: readonly StoreWrite[]): void {
    const deleted = new Set<MessageId>();
    for (const write of writes) {
      if (write.type === "delete-message") deleted.add(write.id);
      else if (write.type === "put-message") {
        deleted.delete(write.message.id);
        this.#put(write.message);
      }
    }
    this.#delete(deleted);
  }

  /**
   * Looks through what is held below `before`, newest first.
   * @param most messages looked at
   * @returns what was found, and where it stopped; `at` is absent where it came to the floor
   */
  find(
    needles: readonly string[],
    filter: SearchFilter,
    { before, limit, most }: { before: MessagePlace | undefined; limit: number; most: number },
  ): { readonly found: readonly IndexedMessage[]; readonly at?: MessagePlace } {
    const found: IndexedMessage[] = [];
    let index = before === undefined ? 0 : this.#firstBelow(placeOf(before));
    const { length } = this.#messages;
    const end = Math.min(length, index + most);
    while (index < end && found.length < limit) {
      const message = this.#messages[index];
      if (message !== undefined && matches(message, needles, filter)) found.push(message);
      index += 1;
    }
    const last = this.#messages[index - 1];
    return index === length || last === undefined
      ? { found }
      : { found, at: { order: last.order, id: last.id } };
  }

  #put(record: MessageRecord): void {
    const place = placeOf(record);
    const message = this.#indexed(record);
    const known = this.#byId.get(record.id);
    if (known !== undefined) {
      // Most changes are of its delivery.
      if (placeOf(known) === place && known.text === message.text) return;
      this.#delete(new Set([record.id]));
    }
    if (!this.#complete && (this.#floor === undefined || place < placeOf(this.#floor))) return;
    this.#count(message, 1);
    this.#messages.splice(this.#firstBelow(place), 0, message);
  }

  #delete(ids: ReadonlySet<MessageId>): void {
    const known = [...ids].map((id) => this.#byId.get(id)).filter((one) => one !== undefined);
    const [only] = known;
    if (only === undefined) return;
    if (known.length === 1) {
      const index = this.#firstBelow(placeOf(only)) - 1;
      for (const message of this.#messages.splice(index, 1)) this.#count(message, -1);
      return;
    }
    this.#messages = this.#messages.filter((message) => {
      if (!ids.has(message.id)) return true;
      this.#count(message, -1);
      return false;
    });
  }

  #indexed(record: MessageRecord): IndexedMessage {
    const message = indexed(record);
    const conversationId = once(this.#conversations, message.conversationId);
    return { ...message, conversationId, from: once(this.#people, message.from) };
  }

  #count(message: IndexedMessage, by: 1 | -1): void {
    this.#characters += by * message.text.length;
    if (by === 1) this.#byId.set(message.id, message);
    else this.#byId.delete(message.id);
  }

  /** Of the newest message below the place. */
  #firstBelow(place: string): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const message = this.#messages[middle];
      if (message !== undefined && placeOf(message) >= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function once<T>(known: Map<T, T>, value: T): T {
  const first = known.get(value);
  if (first === undefined) known.set(value, value);
  return first ?? value;
}

export function indexed(record: MessageRecord): IndexedMessage {
  const { id, order, conversationId, from, sentAt, body } = record;
  return {
    id,
    order,
    conversationId,
    from: from.userId,
    sentAt,
    hasFile: body.type === "file",
    text: searchable(textOf(body)),
  };
}

export function matches(
  message: IndexedMessage,
  needles: readonly string[],
  { conversationId, from, hasFile, since, until }: SearchFilter,
): boolean {
  return (
    (conversationId === undefined || message.conversationId === conversationId) &&
    (from === undefined || message.from === from) &&
    (hasFile === undefined || message.hasFile === hasFile) &&
    (since === undefined || message.sentAt >= since) &&
    (until === undefined || message.sentAt < until) &&
    findsAll(message.text, needles)
  );
}

function placeOf({ order, id }: MessagePlace): string {
  return `${order} ${id}`;
}

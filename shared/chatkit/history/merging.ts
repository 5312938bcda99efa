import type { ConversationId, DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import type { DeliveryState } from "../delivery/delivery-state.ts";
import { HybridClock } from "../delivery/hybrid-clock.ts";
import { encodeOrder, orderTime } from "../delivery/order.ts";
import { MAX_CLOCK_AHEAD_MS } from "../limits.ts";
import type { MessageRecord, Place, Store, StoreWrite } from "../store.ts";
import {
  HISTORY_FORMAT,
  HISTORY_VERSION,
  HISTORY_VERSION_OF_TWO,
  HistoryError,
  messageEntry,
  type HistoryEntry,
  type HistoryRecords,
  type MessageEntry,
} from "./history-records.ts";

/** Messages read, and written, at once. */
const PAGE = 250;

export interface MergingOptions {
  readonly store: Store;
  readonly book: ConversationBook;
  readonly self: () => { readonly userId: UserId; readonly name: string };
  readonly titleOf: (conversationId: ConversationId) => string;
  readonly now: () => number;
  readonly live: (message: MessageRecord) => MessageRecord;
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  readonly exclusive: (work: () => Promise<void>) => Promise<void>;
  readonly onMerged: (conversationId: ConversationId) => void;
}

export interface Merged {
  readonly added: number;
  /** Were here already. */
  readonly known: number;
}

/** The history out of the store and into it, piece by piece (SPEC HI8). */
export class Merging {
  readonly #options: MergingOptions;

  constructor(options: MergingOptions) {
    this.#options = options;
  }

  /** @param only these conversations, or all */
  records(only: readonly ConversationId[] | undefined): HistoryRecords {
    const { book, now, self } = this.#options;
    const { userId, name } = self();
    const hasGroup = book
      .list()
      .some(
        ({ record: { conversationId, peer } }) => peer === undefined && isIn(only, conversationId),
      );
    return {
      header: {
        format: HISTORY_FORMAT,
        version: hasGroup ? HISTORY_VERSION : HISTORY_VERSION_OF_TWO,
        exportedAt: now(),
        account: userId,
        name,
      },
      entries: this.#entries(only),
    };
  }

  async *#entries(only: readonly ConversationId[] | undefined): AsyncGenerator<HistoryEntry> {
    const { book, live, store, titleOf } = this.#options;
    let conversations = 0;
    let messages = 0;
    for (const { record } of book.list()) {
      const { conversationId, peer, settings = {} } = record;
      if (!isIn(only, conversationId)) continue;
      const { markedUnread: _, ...kept } = settings;
      conversations += 1;
      yield {
        type: "conversation",
        conversationId,
        ...(peer === undefined ? {} : { peer }),
        title: titleOf(conversationId),
        settings: kept,
      };
      let after = "";
      for (;;) {
        const page = await store.messages(conversationId, { after, limit: PAGE });
        for (const message of page) yield messageEntry(live(message));
        messages += page.length;
        after = page.at(-1)?.order ?? after;
        if (page.length < PAGE) break;
      }
    }
    yield { type: "end", conversations, messages };
  }

  /**
   * Puts in what is not here; what is here stays as it is. Whatever was merged before it fails stays,
   * and merging it again does no harm.
   * @throws HistoryError other-account, damaged; StoreError
   */
  async merge({ header, entries }: HistoryRecords): Promise<Merged> {
    const { book, self } = this.#options;
    if (header.account !== self().userId) {
      throw new HistoryError("other-account", "It is another account's history.");
    }
    const peers = new Map<ConversationId, UserId | undefined>();
    let waiting: MessageRecord[] = [];
    let settings: StoreWrite[] = [];
    const orders = new MergedOrders(this.#options.now());
    let added = 0;
    let all = 0;
    const flush = async (): Promise<void> => {
      added += await this.#put(waiting, settings);
      waiting = [];
      settings = [];
    };
    for await (const entry of entries) {
      if (entry.type === "conversation") {
        const { conversationId, peer } = entry;
        const known = book.get(conversationId)?.record;
        const isTheirs =
          peer === undefined
            ? known?.peer === undefined
            : book.idWith(peer) === conversationId && peer !== header.account;
        if (!isTheirs) throw damaged();
        peers.set(conversationId, peer);
        const isNew = known === undefined;
        if (peer === undefined) book.ensureGroup(conversationId, entry.title);
        else book.ensure(peer);
        const write = isNew && book.configure(conversationId, entry.settings ?? {});
        if (write !== undefined && write !== false) settings.push(write);
      } else if (entry.type === "message") {
        if (!peers.has(entry.conversationId)) throw damaged();
        const peer = peers.get(entry.conversationId);
        const { userId } = entry.from;
        // Who was in a group at that time nobody can tell any more.
        const mayBe = peer === undefined || userId === peer || userId === header.account;
        if (!mayBe) throw damaged();
        waiting.push(recordOf(entry, userId === header.account, orders));
        all += 1;
        if (waiting.length === PAGE) await flush();
      }
    }
    await flush();
    for (const conversationId of peers.keys()) this.#options.onMerged(conversationId);
    return { added, known: all - added };
  }

  /** @returns how many were not here */
  async #put(records: readonly MessageRecord[], others: readonly StoreWrite[]): Promise<number> {
    const { book, commit, exclusive, store } = this.#options;
    const fresh = new Map<MessageId, MessageRecord>();
    await exclusive(async () => {
      const here = await store.messagesOf(records.map(({ id }) => id));
      const known = new Set(here.map(({ id }) => id));
      for (const record of records) if (!known.has(record.id)) fresh.set(record.id, record);
      const writes: StoreWrite[] = [...others];
      for (const message of fresh.values()) {
        writes.push({ type: "put-message", message });
        const shown = book.endsWith(message);
        if (shown !== undefined) writes.push(shown);
      }
      try {
        await commit(writes);
      } catch (error) {
        await book.load(store);
        throw error;
      }
    });
    return fresh.size;
  }
}

function isIn(only: readonly ConversationId[] | undefined, id: ConversationId): boolean {
  return only === undefined || only.includes(id);
}

function recordOf(entry: MessageEntry, own: boolean, orders: MergedOrders): MessageRecord {
  const { type: _, edited, order: written, pin, reactions, ...record } = entry;
  const order = orders.of(written, entry.from.deviceId);
  const isPast = (place: Place): boolean => !orders.isAhead(place.order);
  return {
    ...record,
    order,
    own,
    delivery: settled(entry.delivery, own),
    ...(edited === undefined ? {} : { edited: isPast(edited) ? edited : { ...edited, order } }),
    ...(pin === undefined || !isPast(pin) ? {} : { pin }),
    ...(reactions === undefined ? {} : { reactions: reactions.filter(isPast) }),
  };
}

/**
 * Places for what a file holds. As of what comes from people (SPEC O1), no time far ahead of this
 * device's clock is followed: a conversation would go on from there, and its end is where times end.
 */
class MergedOrders {
  readonly #now: number;
  readonly #clock = new HybridClock();

  constructor(now: number) {
    this.#now = now;
  }

  of(order: string, from: DeviceId): string {
    return this.isAhead(order) ? encodeOrder(this.#clock.tick(this.#now), from) : order;
  }

  isAhead(order: string): boolean {
    return orderTime(order).ms > this.#now + MAX_CLOCK_AHEAD_MS;
  }
}

/** What was on its way from another device does not go from here: it can be sent again. */
function settled(delivery: DeliveryState, own: boolean): DeliveryState {
  if (!own) return delivery.state === "received" ? delivery : { state: "received", path: "stored" };
  return delivery.state === "queued" ? { state: "failed", reason: "expired" } : delivery;
}

function damaged(): HistoryError {
  return new HistoryError("damaged", "It holds what cannot be in such a history.");
}

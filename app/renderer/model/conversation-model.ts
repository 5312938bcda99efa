import { signal, type ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { ConversationId, MessageId } from "../../../shared/protocol/index.ts";
import { orderAt } from "../../../shared/chatkit/history/order-at.ts";
import { CHANGE_WINDOW_MS } from "../../../shared/chatkit/limits.ts";
import { firstUnread, mergeMessages, upsertMessage } from "./timeline.ts";

/** Messages per page of history; a full window on a large screen shows fewer. */
const PAGE = 60;
/** More are not held: those furthest from where the person reads are let go, to be read again. */
const MAX_HELD = 2_000;
/** So many go at once, so that it happens seldom. */
const LET_GO = 500;

/** Messages before and after one that is looked at in its place. */
const AROUND = 40;

/** Answered messages that are remembered beside those held. */
const MAX_QUOTES = 200;

export type Composing =
  | { readonly kind: "reply"; readonly to: Message }
  | { readonly kind: "edit"; readonly message: Message };

/** May its text be changed, or taken back, by whoever wrote it? The engine decides in the end. */
export function canChange({ own, body, sentAt, delivery }: Message, now: number): boolean {
  return (
    own && body.type === "text" && delivery.state !== "failed" && now - sentAt < CHANGE_WINDOW_MS
  );
}

/** May it be taken back by whoever sent it? The engine decides in the end. */
export function canRecall({ own, body, sentAt, delivery }: Message, now: number): boolean {
  const isContent = body.type === "text" || body.type === "file";
  return own && isContent && delivery.state !== "failed" && now - sentAt < CHANGE_WINDOW_MS;
}

function bounded<K, V>(map: Map<K, V>, limit: number): ReadonlyMap<K, V> {
  for (const oldest of map.keys()) {
    if (map.size <= limit) break;
    map.delete(oldest);
  }
  return map;
}

/** Somebody went to that message; each time is another object. */
export interface ShownMessage {
  readonly id: MessageId;
}

/** Messages of one conversation, as far as they were loaded. Lives while it is shown. */
export class ConversationModel {
  readonly conversationId: ConversationId;
  /** Not of two. */
  readonly inGroup: boolean;
  readonly #kit: ChatKitApi;
  readonly #messages = signal<readonly Message[]>([]);
  readonly #complete = signal(false);
  readonly #ready = signal(false);
  readonly #failed = signal(false);
  readonly #unreadFrom = signal<MessageId | undefined>(undefined);
  readonly #shown = signal<ShownMessage | undefined>(undefined);
  readonly #endHeld = signal(true);
  #keepsUnread = false;
  readonly #composing = signal<Composing | undefined>(undefined);
  /** Messages that others answer and that are not held. */
  readonly #quotes = signal<ReadonlyMap<MessageId, Message | undefined>>(new Map());
  readonly #unsubscribe: readonly (() => void)[];
  #loading: Promise<void> | undefined;
  /** Messages that came behind those held while the end was not. */
  #behind = 0;

  constructor(kit: ChatKitApi, conversationId: ConversationId) {
    this.#kit = kit;
    this.conversationId = conversationId;
    const known = kit.conversations.get(conversationId);
    this.inGroup = known !== undefined && known.peer === undefined;
    const take = (message: Message): void => {
      if (message.conversationId === conversationId) this.put(message);
    };
    this.#unsubscribe = [
      kit.on("message", take),
      kit.on("messageChanged", take),
      kit.on("messagesRemoved", ({ ids }) => this.#remove(ids)),
      kit.on("historyMerged", (merged) => {
        // What was merged lies anywhere: the end is read again. Where it fails, `failed` tells.
        if (merged.conversationId !== conversationId) return;
        this.#endHeld.value = false;
        this.loadEnd().catch(() => undefined);
      }),
    ];
  }

  get messages(): ReadonlySignal<readonly Message[]> {
    return this.#messages;
  }
  /** Nothing older exists. */
  get complete(): ReadonlySignal<boolean> {
    return this.#complete;
  }
  /** The newest messages are among those held; not after reading far back. */
  get endHeld(): ReadonlySignal<boolean> {
    return this.#endHeld;
  }
  /** The first page is there. */
  get ready(): ReadonlySignal<boolean> {
    return this.#ready;
  }
  get failed(): ReadonlySignal<boolean> {
    return this.#failed;
  }
  /** Where the divider stands: the first message that was not seen when the person came. */
  get unreadFrom(): ReadonlySignal<MessageId | undefined> {
    return this.#unreadFrom;
  }

  /** The message that the person went to last, which the list brings into sight. */
  get shown(): ReadonlySignal<ShownMessage | undefined> {
    return this.#shown;
  }

  /** What one's next text is: an answer, another text for a message, or undefined for a new one. */
  get composing(): ReadonlySignal<Composing | undefined> {
    return this.#composing;
  }

  compose(composing: Composing | undefined): void {
    this.#composing.value = composing;
  }

  /** The newest text of one's own that may still be edited. */
  lastEditable(now: number): Message | undefined {
    return this.#messages.peek().findLast((message) => canChange(message, now));
  }

  /** The message that another one answers; undefined while it is read, and where it is not here. */
  quoted(id: MessageId): Message | undefined {
    const held = this.#messages.value.find((message) => message.id === id);
    if (held !== undefined) return held;
    const quotes = this.#quotes.value;
    if (!quotes.has(id)) void this.#readQuote(id);
    return quotes.get(id);
  }

  async #readQuote(id: MessageId): Promise<void> {
    // Asked for while it is drawn: what is drawn may not change in the same moment.
    await Promise.resolve();
    if (this.#quotes.peek().has(id)) return;
    this.#quotes.value = bounded(new Map(this.#quotes.peek()).set(id, undefined), MAX_QUOTES);
    try {
      const found = await this.#kit.message(id);
      if (found?.conversationId !== this.conversationId) return;
      this.#quotes.value = new Map(this.#quotes.peek()).set(id, found);
    } catch {
      // Shown as a message that is not here; the engine has told of its store.
    }
  }

  /** Loads the newest page. @param unread number of unread messages when it was opened */
  async open(unread: number): Promise<void> {
    await this.#load();
    this.#unreadFrom.value = firstUnread(this.#messages.peek(), unread);
    this.#ready.value = true;
  }

  /** One older page; nothing while one is under way. */
  async loadOlder(): Promise<void> {
    if (this.#complete.peek()) return;
    await this.#load();
    // The first page, where it failed when the conversation was opened.
    this.#ready.value = true;
  }

  /** The page after the newest one held; nothing where that is the end. */
  async loadNewer(): Promise<void> {
    if (this.#loading !== undefined || this.#endHeld.peek()) return;
    await this.#busy(async () => {
      for (;;) {
        const behind = this.#behind;
        const page = await this.#kit.history(this.conversationId, {
          after: this.#messages.peek().at(-1)?.order ?? "",
          limit: PAGE,
        });
        this.#messages.value = mergeMessages(this.#messages.peek(), page);
        if (page.length === PAGE) return;
        // What came while it was read may be missing in it.
        if (behind === this.#behind) break;
      }
      this.#endHeld.value = true;
    });
  }

  /** Goes to a message in its place, which is read unless it is held. */
  async showAround({ id, order }: Pick<Message, "id" | "order">): Promise<void> {
    const isHeld = this.#messages.peek().some((message) => message.id === id);
    // A tilde sorts after every character of an order: the page before ends with the message.
    if (!isHeld) await this.#loadAround(`${order}~`, order);
    this.#shown.value = { id };
  }

  /** Goes to the first message from that time on, or the last one. @param at ms since the epoch */
  async showDate(at: number): Promise<void> {
    const order = orderAt(at);
    await this.#loadAround(order, order);
    const messages = this.#messages.peek();
    const target = messages.find((message) => message.order >= order) ?? messages.at(-1);
    if (target !== undefined) this.#shown.value = { id: target.id };
  }

  async #loadAround(before: string, after: string): Promise<void> {
    while (this.#loading !== undefined) await this.#loading;
    await this.#busy(async () => {
      const behind = this.#behind;
      const { conversationId } = this;
      const older = await this.#kit.history(conversationId, { before, limit: AROUND });
      const newer = await this.#kit.history(conversationId, { after, limit: AROUND });
      this.#messages.value = mergeMessages([], [...older, ...newer]);
      this.#complete.value = older.length < AROUND;
      this.#endHeld.value = newer.length < AROUND && behind === this.#behind;
    });
    this.#ready.value = true;
  }

  /** Holds the newest page alone, as when it was opened. */
  async loadEnd(): Promise<void> {
    if (this.#loading !== undefined || this.#endHeld.peek()) return;
    await this.#busy(async () => {
      let behind: number;
      do {
        behind = this.#behind;
        const page = await this.#kit.history(this.conversationId, { limit: PAGE });
        this.#messages.value = page;
        this.#complete.value = page.length < PAGE;
      } while (behind !== this.#behind);
      this.#endHeld.value = true;
    });
  }

  /** Lets go of what is beyond the bound, at the end that is further from the reader. */
  trim(reading: "older" | "newer"): void {
    const messages = this.#messages.peek();
    if (this.#loading !== undefined || messages.length <= MAX_HELD) return;
    const keep = MAX_HELD - LET_GO;
    if (reading === "newer") {
      this.#messages.value = messages.slice(-keep);
      this.#complete.value = false;
      return;
    }
    this.#endHeld.value = false;
    this.#messages.value = messages.slice(0, keep);
  }

  put(message: Message): void {
    const messages = this.#messages.peek();
    const newest = messages.at(-1);
    const known = messages.some(({ id }) => id === message.id);
    if (!this.#endHeld.peek() && !known && newest !== undefined && message.order > newest.order) {
      // Between it and the newest one held there are others: it is read with them.
      this.#behind += 1;
      // One looks at what one wrote. Where the end cannot be read, `failed` tells.
      if (message.own) this.loadEnd().catch(() => undefined);
      return;
    }
    this.#messages.value = upsertMessage(messages, message);
  }

  #remove(ids: readonly MessageId[]): void {
    const gone = new Set(ids);
    const messages = this.#messages.peek();
    const left = messages.filter(({ id }) => !gone.has(id));
    if (left.length < messages.length) this.#messages.value = left;
  }

  /** A message came while nobody looked: the divider stands before it. */
  markUnreadFrom(id: MessageId): void {
    this.#unreadFrom.value = id;
  }

  /** From that message on it counts as not seen, and is left so while the person reads on here. */
  async keepUnreadFrom(id: MessageId): Promise<void> {
    this.#keepsUnread = true;
    this.#unreadFrom.value = id;
    await this.#kit.conversations.markUnread(id);
  }

  get keepsUnread(): boolean {
    return this.#keepsUnread;
  }

  /** One answers: what one marked to come back to is dealt with. */
  clearUnread(): void {
    this.#keepsUnread = false;
    this.#unreadFrom.value = undefined;
  }

  close(): void {
    for (const end of this.#unsubscribe) end();
  }

  async #load(): Promise<void> {
    if (this.#loading !== undefined) return;
    await this.#busy(async () => {
      const before = this.#ready.peek() ? this.#messages.peek()[0]?.order : undefined;
      const page = await this.#kit.history(this.conversationId, {
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      this.#messages.value = mergeMessages(this.#messages.peek(), page);
      this.#complete.value = page.length < PAGE;
    });
  }

  async #busy(load: () => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#loading = done.promise;
    try {
      await load();
      this.#failed.value = false;
    } catch (error) {
      this.#failed.value = true;
      throw error;
    } finally {
      this.#loading = undefined;
      done.resolve();
    }
  }
}

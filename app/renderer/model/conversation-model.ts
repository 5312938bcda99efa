import { signal, type ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { ConversationId, MessageId } from "../../../shared/protocol/index.ts";
import { CHANGE_WINDOW_MS } from "../../../shared/chatkit/limits.ts";
import { SkippedPages } from "./skipped-pages.ts";
import { firstUnread, mergeMessages, upsertMessage } from "./timeline.ts";

/** Messages per page of history; a full window on a large screen shows fewer. */
const PAGE = 60;
/** More are not held: those furthest from where the person reads are let go, to be read again. */
const MAX_HELD = 2_000;
/** So many go at once, so that it happens seldom. */
const LET_GO = 500;

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

function bounded<K, V>(map: Map<K, V>, limit: number): ReadonlyMap<K, V> {
  for (const oldest of map.keys()) {
    if (map.size <= limit) break;
    map.delete(oldest);
  }
  return map;
}

/** Messages of one conversation, as far as they were loaded. Lives while it is shown. */
export class ConversationModel {
  readonly conversationId: ConversationId;
  readonly #kit: ChatKitApi;
  readonly #messages = signal<readonly Message[]>([]);
  readonly #complete = signal(false);
  readonly #ready = signal(false);
  readonly #failed = signal(false);
  readonly #unreadFrom = signal<MessageId | undefined>(undefined);
  readonly #skipped = new SkippedPages(PAGE);
  readonly #endHeld = signal(true);
  readonly #composing = signal<Composing | undefined>(undefined);
  /** Messages that others answer and that are not held. */
  readonly #quotes = signal<ReadonlyMap<MessageId, Message | undefined>>(new Map());
  readonly #unsubscribe: readonly (() => void)[];
  #loading = false;

  constructor(kit: ChatKitApi, conversationId: ConversationId) {
    this.#kit = kit;
    this.conversationId = conversationId;
    const take = (message: Message): void => {
      if (message.conversationId === conversationId) this.put(message);
    };
    this.#unsubscribe = [kit.on("message", take), kit.on("messageChanged", take)];
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
    const before = this.#skipped.next();
    if (this.#loading || this.#endHeld.peek()) return;
    await this.#busy(async () => {
      const page = await this.#kit.history(this.conversationId, {
        // Some may have come between those that were counted.
        limit: 2 * PAGE,
        ...(before === undefined ? {} : { before }),
      });
      this.#messages.value = mergeMessages(this.#messages.peek(), page);
      this.#skipped.took();
      this.#endHeld.value = before === undefined;
    });
  }

  /** Holds the newest page alone, as when it was opened. */
  async loadEnd(): Promise<void> {
    if (this.#loading || this.#endHeld.peek()) return;
    await this.#busy(async () => {
      const page = await this.#kit.history(this.conversationId, { limit: PAGE });
      this.#messages.value = page;
      this.#complete.value = page.length < PAGE;
      this.#skipped.clear();
      this.#endHeld.value = true;
    });
  }

  /** Lets go of what is beyond the bound, at the end that is further from the reader. */
  trim(reading: "older" | "newer"): void {
    const messages = this.#messages.peek();
    if (this.#loading || messages.length <= MAX_HELD) return;
    const keep = MAX_HELD - LET_GO;
    if (reading === "newer") {
      this.#messages.value = messages.slice(-keep);
      this.#complete.value = false;
      return;
    }
    this.#skipped.skip(messages.slice(keep));
    this.#endHeld.value = false;
    this.#messages.value = messages.slice(0, keep);
  }

  put(message: Message): void {
    const messages = this.#messages.peek();
    const newest = messages.at(-1);
    const known = messages.some(({ id }) => id === message.id);
    if (!this.#endHeld.peek() && !known && newest !== undefined && message.order > newest.order) {
      // Between it and the newest one held there are others: it is read with them.
      this.#skipped.arrived(message);
      // One looks at what one wrote. Where the end cannot be read, `failed` tells.
      if (message.own) this.loadEnd().catch(() => undefined);
      return;
    }
    this.#messages.value = upsertMessage(messages, message);
  }

  /** A message came while nobody looked: the divider stands before it. */
  markUnreadFrom(id: MessageId): void {
    this.#unreadFrom.value = id;
  }

  clearUnread(): void {
    this.#unreadFrom.value = undefined;
  }

  close(): void {
    for (const end of this.#unsubscribe) end();
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
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
    this.#loading = true;
    try {
      await load();
      this.#failed.value = false;
    } catch (error) {
      this.#failed.value = true;
      throw error;
    } finally {
      this.#loading = false;
    }
  }
}

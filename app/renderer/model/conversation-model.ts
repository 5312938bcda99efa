import { signal, type ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { ConversationId, MessageId } from "../../../shared/protocol/index.ts";
import { firstUnread, mergeMessages, upsertMessage } from "./timeline.ts";

/** Messages per page of history; a full window on a large screen shows fewer. */
const PAGE = 60;

/** Messages of one conversation, as far as they were loaded. Lives while it is shown. */
export class ConversationModel {
  readonly conversationId: ConversationId;
  readonly #kit: ChatKitApi;
  readonly #messages = signal<readonly Message[]>([]);
  readonly #complete = signal(false);
  readonly #ready = signal(false);
  readonly #failed = signal(false);
  readonly #unreadFrom = signal<MessageId | undefined>(undefined);
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

  /** Loads the newest page. @param unread number of unread messages when it was opened */
  async open(unread: number): Promise<void> {
    await this.#load();
    this.#unreadFrom.value = firstUnread(this.#messages.peek(), unread);
    this.#ready.value = true;
  }

  /** One older page; nothing while one is under way. */
  async loadOlder(): Promise<void> {
    if (!this.#complete.peek()) await this.#load();
  }

  put(message: Message): void {
    this.#messages.value = upsertMessage(this.#messages.peek(), message);
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
    this.#loading = true;
    try {
      const before = this.#ready.peek() ? this.#messages.peek()[0]?.order : undefined;
      const page = await this.#kit.history(this.conversationId, {
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      this.#messages.value = mergeMessages(this.#messages.peek(), page);
      this.#complete.value = page.length < PAGE;
      this.#failed.value = false;
    } catch (error) {
      this.#failed.value = true;
      throw error;
    } finally {
      this.#loading = false;
    }
  }
}

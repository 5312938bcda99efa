import { signal, type ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi, SearchHit, SearchPage } from "../../../shared/chatkit/chatkit.ts";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import type { AccountModel } from "./account-model.ts";

/** Hits that are read at once: more than a screen shows. */
const PAGE = 30;

export interface SearchState {
  readonly query: string;
  readonly hits: readonly SearchHit[];
  /** There may be more. */
  readonly more: boolean;
  readonly busy: boolean;
  readonly failed: boolean;
}

const nothing: SearchState = { query: "", hits: [], more: false, busy: false, failed: false };

/** Messages that match what is being typed; what an older query finds late is dropped. */
export class MessageSearch {
  readonly #kit: Pick<ChatKitApi, "search">;
  readonly #conversationId: ConversationId | undefined;
  readonly #state = signal<SearchState>(nothing);
  #next: SearchPage["next"];

  /** @param conversationId to look there alone */
  constructor(kit: Pick<ChatKitApi, "search">, conversationId?: ConversationId) {
    this.#kit = kit;
    this.#conversationId = conversationId;
  }

  get state(): ReadonlySignal<SearchState> {
    return this.#state;
  }

  /** Never rejects: `failed` tells. */
  async look(query: string): Promise<void> {
    const before = this.#state.peek();
    if (before.query === query) return;
    this.#next = undefined;
    if (query.trim() === "") {
      this.#state.value = nothing;
      return;
    }
    // What was found last stays in sight until there is something to show in its place.
    this.#state.value = { ...before, query, busy: true, failed: false };
    await this.#read(query, []);
  }

  async more(): Promise<void> {
    const { query, hits, busy, more } = this.#state.peek();
    if (busy || !more) return;
    this.#state.value = { ...this.#state.peek(), busy: true };
    await this.#read(query, hits);
  }

  async #read(query: string, known: readonly SearchHit[]): Promise<void> {
    const isWanted = (): boolean => this.#state.peek().query === query;
    let hits = known;
    try {
      do {
        const page: SearchPage = await this.#kit.search(query, {
          limit: PAGE,
          ...(this.#conversationId === undefined ? {} : { conversationId: this.#conversationId }),
          ...(this.#next === undefined ? {} : { before: this.#next }),
        });
        if (!isWanted()) return;
        this.#next = page.next;
        hits = [...hits, ...page.hits];
        const enough = hits.length >= known.length + PAGE || page.next === undefined;
        const more = page.next !== undefined;
        this.#state.value = { query, hits, more, busy: !enough, failed: false };
      } while (this.#state.peek().busy);
    } catch {
      // The engine has told of its store.
      if (isWanted()) this.#state.value = { query, hits, more: false, busy: false, failed: true };
    }
  }
}

/** Opens the conversation of a message, there where the message is. Rejects with `ChatKitError`. */
export async function goToMessage(
  account: AccountModel,
  message: Pick<Message, "id" | "order" | "conversationId">,
): Promise<void> {
  await account.openConversation(message.conversationId);
  const model = account.open.peek()?.model;
  if (model?.conversationId === message.conversationId) await model.showAround(message);
}

import { signal, type ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type {
  ChatKitApi,
  SearchHit,
  SearchOptions,
  SearchPage,
} from "../../../shared/chatkit/chatkit.ts";
import type { AccountModel } from "./account-model.ts";

/** Hits that are read at once: more than a screen shows. */
const PAGE = 30;

/** Which messages are looked through; all without. */
export type SearchFilter = Pick<SearchOptions, "conversationId" | "from" | "hasFile" | "since">;

export interface SearchState {
  readonly query: string;
  /** What the hits were found for: until there are new ones, those found last stay in sight. */
  readonly foundFor: string;
  readonly hits: readonly SearchHit[];
  /** There may be more. */
  readonly more: boolean;
  readonly busy: boolean;
  readonly failed: boolean;
}

const nothing: SearchState = {
  query: "",
  foundFor: "",
  hits: [],
  more: false,
  busy: false,
  failed: false,
};

/** Messages that match what is being typed; what an older query finds late is dropped. */
export class MessageSearch {
  readonly #kit: Pick<ChatKitApi, "search">;
  readonly #state = signal<SearchState>(nothing);
  #filter: SearchFilter = {};
  #next: SearchPage["next"];
  /** Counts what was begun: only the newest may tell what it finds. */
  #readings = 0;

  constructor(kit: Pick<ChatKitApi, "search">) {
    this.#kit = kit;
  }

  get state(): ReadonlySignal<SearchState> {
    return this.#state;
  }

  /** Never rejects: `failed` tells. @param filter the same object as long as it is the same filter */
  async look(query: string, filter: SearchFilter = this.#filter): Promise<void> {
    const before = this.#state.peek();
    if (before.query === query && this.#filter === filter) return;
    this.#filter = filter;
    this.#next = undefined;
    this.#readings += 1;
    if (query.trim() === "") {
      this.#state.value = nothing;
      return;
    }
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
    this.#readings += 1;
    const reading = this.#readings;
    const filter = this.#filter;
    const isWanted = (): boolean => this.#readings === reading;
    let hits = known;
    try {
      for (let busy = true; busy;) {
        const page: SearchPage = await this.#kit.search(query, {
          limit: PAGE,
          ...filter,
          ...(this.#next === undefined ? {} : { before: this.#next }),
        });
        if (!isWanted()) return;
        this.#next = page.next;
        hits = [...hits, ...page.hits];
        const more = page.next !== undefined;
        busy = more && hits.length < known.length + PAGE;
        this.#state.value = { query, foundFor: query, hits, more, busy, failed: false };
      }
    } catch {
      // The engine has told of its store.
      if (!isWanted()) return;
      const failed = { more: false, busy: false, failed: true };
      this.#state.value = { query, foundFor: query, hits, ...failed };
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

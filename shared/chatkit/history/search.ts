import type { Clock } from "../ports.ts";
import type { MessagePlace, MessageRecord, Store, StoreWrite } from "../store.ts";
import { indexed, matches, SearchIndex, type SearchFilter } from "./search-index.ts";
import { needlesOf } from "./words.ts";

/** Messages read from the store at once for somebody who waits: the most that it gives. */
const READ_PAGE = 1_000;

/** And for the first hits, or ahead of need: some 5 ms of a browser's time, which no scrolling feels. */
const SMALL_PAGE = 400;

/** Messages in memory that are looked through before other work gets its turn: some 5 ms. */
const FIND_SLICE = 40_000;

/** Pages that one search reads from the store; the host asks for the next part where it wants more. */
const PAGES_OF_SEARCH = 10;

/** Pause between two pages that are read ahead of need, so that whoever types or scrolls goes first. */
const PREPARE_PAUSE_MS = 15;

interface SearchOptions {
  readonly store: Store;
  readonly clock: Clock;
}

export interface FoundPage {
  /** Newest first. */
  readonly found: readonly MessageRecord[];
  readonly next?: MessagePlace;
}

/** Looks through all messages, newest first. What it reads of the store on its way it keeps. */
export class Search {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #index = new SearchIndex();
  #reading: Promise<void> | undefined;
  /** Committed while a page was read, which may show what was before. */
  #meanwhile: StoreWrite[] = [];
  #preparing: Promise<void> | undefined;
  #closed = false;

  constructor({ store, clock }: SearchOptions) {
    this.#store = store;
    this.#clock = clock;
  }

  /** These writes are in the store now. */
  committed(writes: readonly StoreWrite[]): void {
    if (this.#reading === undefined) this.#index.committed(writes);
    else for (const write of writes) this.#meanwhile.push(write);
  }

  /** Reads everything that will be looked through, in the background. @throws StoreError */
  prepare(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  async #prepare(): Promise<void> {
    while (!this.#closed && !this.#index.isComplete && !this.#index.isFull) {
      await this.#readMore(SMALL_PAGE);
      await this.#pause(PREPARE_PAUSE_MS);
    }
  }

  /** @throws StoreError */
  async find(
    query: string,
    filter: SearchFilter,
    { before, limit }: { readonly before: MessagePlace | undefined; readonly limit: number },
  ): Promise<FoundPage> {
    const needles = needlesOf(query);
    if (needles.length === 0 && filter.hasFile !== true) return { found: [] };
    const found: MessagePlace[] = [];
    let at = before;
    let pages = 0;
    for (;;) {
      const missing = limit - found.length;
      const slice = this.#index.find(needles, filter, {
        before: at,
        limit: missing,
        most: FIND_SLICE,
      });
      found.push(...slice.found);
      at = slice.at ?? lowest(at, this.#index.floor);
      if (found.length === limit) break;
      if (slice.at !== undefined) {
        await this.#pause(0);
        continue;
      }
      if (this.#index.isComplete || this.#closed) return { found: await this.#records(found) };
      if (pages === PAGES_OF_SEARCH) break;
      pages += 1;
      if (!this.#index.isFull) {
        await this.#readMore(pages === 1 ? SMALL_PAGE : READ_PAGE);
        continue;
      }
      const page = await this.#store.recent({ limit: READ_PAGE, ...(at && { before: at }) });
      for (const message of page.map(indexed)) {
        at = message;
        if (!matches(message, needles, filter)) continue;
        found.push(message);
        if (found.length === limit) break;
      }
      if (found.length < limit && page.length < READ_PAGE) {
        return { found: await this.#records(found) };
      }
      if (found.length === limit) break;
    }
    const records = await this.#records(found);
    return at === undefined ? { found: records } : { found: records, next: place(at) };
  }

  close(): void {
    this.#closed = true;
  }

  #records(places: readonly MessagePlace[]): Promise<readonly MessageRecord[]> {
    return this.#store.messagesOf(places.map(({ id }) => id));
  }

  #readMore(limit: number): Promise<void> {
    this.#reading ??= this.#readPage(limit).finally(() => {
      this.#reading = undefined;
      const writes = this.#meanwhile;
      this.#meanwhile = [];
      this.#index.committed(writes);
    });
    return this.#reading;
  }

  async #readPage(limit: number): Promise<void> {
    const before = this.#index.floor;
    const page = await this.#store.recent({
      limit,
      ...(before === undefined ? {} : { before }),
    });
    this.#index.took(page, page.length < limit);
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.setTimer(resolve, ms);
    return promise;
  }
}

function place({ order, id }: MessagePlace): MessagePlace {
  return { order, id };
}

/** Where looking stands that came to the floor of what is held, or was below it already. */
function lowest(
  at: MessagePlace | undefined,
  floor: MessagePlace | undefined,
): MessagePlace | undefined {
  if (at === undefined || floor === undefined) return floor ?? at;
  return at.order < floor.order || (at.order === floor.order && at.id < floor.id) ? at : floor;
}

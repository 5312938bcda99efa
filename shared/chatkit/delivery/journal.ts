import { LAZY_COMMIT_MS, LAZY_RETRY_MS, MAX_LAZY_WRITES } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";

interface Batch {
  readonly writes: StoreWrite[];
  /** Those of the writes that nobody waits for: kept where the commit fails. */
  lazy: StoreWrite[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Has changes in memory that belong into whatever commit comes next. */
export interface JournalMember {
  /** Each write once. */
  takeWrites(): readonly StoreWrite[];
  /** A commit failed, and no other is under way: what is not in the store is void. */
  rollBack(): void;
}

/**
 * Puts the writes of one tick, and those that come while a commit is under way, into one commit.
 * Order is kept. What waits is bounded by its callers: the outbox, the inbox and their windows.
 */
export class Journal {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onLazyFailed: (error: unknown) => void;
  #next: Batch | undefined;
  #running: Promise<void> | undefined;
  /** Writes that wait for the next commit, or a moment. */
  #lazy: StoreWrite[] = [];
  #timer: Timer | undefined;
  #member: JournalMember | undefined;
  #rollBacks = 0;

  constructor(store: Store, clock: Clock, onLazyFailed: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onLazyFailed = onLazyFailed;
  }

  /**
   * From now on every commit takes the member's writes with it, asked for when it begins: so at most
   * one commit with them is under way, and none builds upon one that failed.
   */
  join(member: JournalMember): void {
    this.#member = member;
  }

  /** How often the member was rolled back: what it made before the last time is void. */
  get rollBacks(): number {
    return this.#rollBacks;
  }

  /** Resolves once the writes are durable. @throws StoreError; then none of them is */
  commit(writes: readonly StoreWrite[]): Promise<void> {
    if (this.#next === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#next = newBatch(this.#lazy);
      this.#lazy = [];
      this.#running ??= this.#run();
    }
    const batch = this.#next;
    for (const write of writes) batch.writes.push(write);
    return batch.done;
  }

  /**
   * For what may be lost in a crash without harm: joins the next commit, or makes one of its own
   * after a moment.
   */
  later(writes: readonly StoreWrite[]): void {
    for (const write of writes) {
      (this.#next?.lazy ?? this.#lazy).push(write);
      this.#next?.writes.push(write);
    }
    if (this.#next === undefined) this.#commitIn(LAZY_COMMIT_MS);
  }

  #commitIn(ms: number): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.commit([]).catch(this.#onLazyFailed);
    }, ms);
  }

  /** Writes what waits, and resolves when nothing is under way any more. Never rejects. */
  async idle(): Promise<void> {
    if (this.#lazy.length > 0) await this.commit([]).catch(this.#onLazyFailed);
    while (this.#running !== undefined) await this.#running;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** They go before everything that was asked for since; of too many, the oldest are lost. */
  #keepLazy({ lazy }: Batch): void {
    const kept = lazy.slice(-MAX_LAZY_WRITES);
    const next = this.#next;
    if (next === undefined) {
      this.#lazy = [...kept, ...this.#lazy];
      if (kept.length > 0) this.#commitIn(LAZY_RETRY_MS);
    } else {
      next.lazy = [...kept, ...next.lazy];
      next.writes.unshift(...kept);
    }
  }

  async #run(): Promise<void> {
    // The rest of this tick joins the first batch.
    await Promise.resolve();
    for (let batch = this.#next; batch !== undefined; batch = this.#next) {
      this.#next = undefined;
      const ofMember = this.#member?.takeWrites() ?? [];
      try {
        await this.#store.commit(newest([...batch.writes, ...ofMember]));
        batch.resolve();
      } catch (error) {
        // Whoever asked for what was in it: what is in memory may build upon it.
        this.#rollBacks++;
        this.#member?.rollBack();
        this.#keepLazy(batch);
        batch.reject(error);
      }
    }
    this.#running = undefined;
  }
}

/**
 * Of messages and of what is on its way, the newest of each alone: in a large group hundreds of devices
 * acknowledge one message at once, and each time it would be written with all of them.
 */
function newest(writes: readonly StoreWrite[]): readonly StoreWrite[] {
  const places = new Map<string, number>();
  const kept: StoreWrite[] = [];
  for (const write of writes) {
    const name = nameOf(write);
    const place = name === undefined ? undefined : places.get(name);
    if (place !== undefined && write.type.startsWith("put")) {
      kept[place] = write;
      continue;
    }
    // What is put after it was deleted is new.
    if (name !== undefined && write.type.startsWith("put")) places.set(name, kept.length);
    else if (name !== undefined) places.delete(name);
    kept.push(write);
  }
  return kept;
}

function nameOf(write: StoreWrite): string | undefined {
  switch (write.type) {
    case "put-message":
      return `message ${write.message.id}`;
    case "delete-message":
      return `message ${write.id}`;
    case "put-outbox":
      return `outbox ${write.item.id}`;
    case "delete-outbox":
      return `outbox ${write.id}`;
    default:
      return undefined;
  }
}

function newBatch(lazy: StoreWrite[]): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { writes: [...lazy], lazy, done: promise, resolve, reject };
}

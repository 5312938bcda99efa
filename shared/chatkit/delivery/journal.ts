import type { Store, StoreWrite } from "../store.ts";

interface Batch {
  readonly writes: StoreWrite[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts the writes of one tick, and those that come while a commit is under way, into one commit.
 * Order is kept. What waits is bounded by its callers: the outbox, the inbox and their windows.
 */
export class Journal {
  readonly #store: Store;
  #next: Batch | undefined;
  #running: Promise<void> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves once the writes are durable. @throws StoreError; then none of them is */
  commit(writes: readonly StoreWrite[]): Promise<void> {
    if (this.#next === undefined) {
      this.#next = newBatch();
      this.#running ??= this.#run();
    }
    const batch = this.#next;
    for (const write of writes) batch.writes.push(write);
    return batch.done;
  }

  /** Resolves when nothing is under way any more. Never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // The rest of this tick joins the first batch.
    await Promise.resolve();
    for (let batch = this.#next; batch !== undefined; batch = this.#next) {
      this.#next = undefined;
      try {
        await this.#store.commit(batch.writes);
        batch.resolve();
      } catch (error) {
        batch.reject(error);
      }
    }
    this.#running = undefined;
  }
}

function newBatch(): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { writes: [], done: promise, resolve, reject };
}

import type { UserId } from "../../shared/protocol/index.ts";

/** Changes of one pair's relation, one after the other: each reads both sides before it writes. */
export class PairLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(a: UserId, b: UserId, work: () => Promise<T>): Promise<T> {
    const key = a < b ? a + b : b + a;
    const before = this.#tails.get(key);
    const mine = (async () => {
      // The one before reports its own failure.
      if (before !== undefined) await Promise.allSettled([before]);
      return work();
    })();
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }
}

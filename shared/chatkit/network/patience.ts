import type { Clock } from "../ports.ts";

/** Waits that have an end: each its own, and one for all. */
export class Patience implements Disposable {
  readonly #clock: Clock;
  readonly #waits = new Set<() => void>();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True from `close` on. */
  get over(): boolean {
    return this.#over;
  }

  /** What the promise brings, or undefined where it is late. @throws what the promise rejects with */
  async within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    const end = Promise.withResolvers<undefined>();
    const late = (): void => end.resolve(undefined);
    const timer = this.#clock.setTimer(late, Math.max(0, ms));
    this.#waits.add(late);
    if (this.#over) late();
    try {
      return await Promise.race([promise, end.promise]);
    } finally {
      timer.cancel();
      this.#waits.delete(late);
    }
  }

  /** Everything that waits is late now, and whatever begins to wait. */
  close(): void {
    this.#over = true;
    for (const late of this.#waits) late();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

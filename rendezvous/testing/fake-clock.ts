import type { Clock } from "../clock.ts";

interface Interval {
  readonly ms: number;
  readonly callback: () => void;
  dueAt: number;
}

/** A clock that stands still until told otherwise. */
export class FakeClock implements Clock {
  #monotonic = 0;
  readonly #startedAt = 1_800_000_000_000;
  readonly #intervals = new Set<Interval>();

  now(): number {
    return this.#startedAt + this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  every(ms: number, callback: () => void): Disposable {
    const interval = { ms, callback, dueAt: this.#monotonic + ms };
    this.#intervals.add(interval);
    return { [Symbol.dispose]: () => void this.#intervals.delete(interval) };
  }

  /** Lets time pass, second by second, calling back what falls due. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    while (this.#monotonic < end) {
      this.#monotonic = Math.min(end, this.#monotonic + 1000);
      for (const interval of this.#intervals) {
        if (interval.dueAt > this.#monotonic) continue;
        interval.dueAt += interval.ms;
        interval.callback();
      }
    }
  }
}

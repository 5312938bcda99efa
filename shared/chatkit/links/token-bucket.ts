import type { Clock } from "../ports.ts";

export interface BucketRate {
  /** So many at once. */
  readonly burst: number;
  /** So many come anew in each ms. */
  readonly perMs: number;
}

/** Lets so many through at once, and then so many in each time. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: BucketRate;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, rate: BucketRate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = clock.monotonic();
  }

  /** Takes so many where they are there. */
  take(count: number): boolean {
    this.#fill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Time until so many are there, ms; 0 where they are. */
  waitMs(count: number): number {
    this.#fill();
    return Math.max(0, (count - this.#tokens) / this.#rate.perMs);
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const { burst, perMs } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledAt) * perMs);
    this.#filledAt = now;
  }
}

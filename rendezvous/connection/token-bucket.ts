/** How fast something may go on: refill per second and the most that may be saved up. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * A token bucket. It goes into debt: who asks on although refused owes ever more, and shows
 * by it that they do not listen.
 */
export class TokenBucket {
  #tokens: number;
  #at: number;

  /** `now` in monotonic ms. */
  constructor(rate: Rate, now: number) {
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** "flooding" once the debt is a whole burst. */
  take(rate: Rate, now: number): "granted" | "refused" | "flooding" {
    const earned = ((now - this.#at) * rate.perSecond) / 1000;
    this.#at = now;
    this.#tokens = Math.min(rate.burst, this.#tokens + earned) - 1;
    if (this.#tokens >= 0) return "granted";
    return this.#tokens < -rate.burst ? "flooding" : "refused";
  }

  /** Ms until the next one is granted. */
  waitMs(rate: Rate): number {
    return Math.max(0, Math.ceil(((1 - this.#tokens) / rate.perSecond) * 1000));
  }
}

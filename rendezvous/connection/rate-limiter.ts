import { ProtocolError } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import type { Rate } from "./token-bucket.ts";

/**
 * Keys remembered; when there are more, those that asked longest ago are forgotten, many at a time:
 * a Map passes over all that was deleted before on the way to its first key, 20 µs for each.
 */
const MAX_KEYS = 50_000;
const FORGOTTEN_AT_ONCE = 1_000;

/** What sums of fractions may lack although it was earned. */
const ROUNDING = 1e-6;

/** A token bucket for each of many (accounts, addresses). Being refused costs nothing. */
export class RateLimiter {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #clock: Clock;
  readonly #rate: Rate;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /**
   * Takes `cost` tokens. What costs more than can be saved up is granted to a full bucket, which
   * owes the rest. @throws ProtocolError rate-limited, with the time to wait
   */
  take(key: string, cost = 1): void {
    const waitMs = this.tryTake(key, cost);
    if (waitMs > 0) {
      throw new ProtocolError("rate-limited", "Too much at a time; wait a little.", {
        retryAfterMs: waitMs,
      });
    }
  }

  /** As `take`; the ms to wait, 0 where it was granted. */
  tryTake(key: string, cost = 1): number {
    const { perSecond, burst } = this.#rate;
    const at = this.#clock.monotonic();
    const before = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + ((at - before.at) * perSecond) / 1000);
    const needed = Math.min(cost, burst);
    const missing = needed - tokens - ROUNDING;
    if (missing > 0) return Math.max(1, Math.ceil((missing / perSecond) * 1000));
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens - cost, at });
    if (this.#buckets.size > MAX_KEYS) this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    let left = FORGOTTEN_AT_ONCE;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      left -= 1;
      if (left === 0) return;
    }
  }
}

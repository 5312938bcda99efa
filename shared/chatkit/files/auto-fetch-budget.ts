import type { ConversationId } from "../../protocol/index.ts";
import {
  AUTO_FETCH_BURST_BYTES,
  AUTO_FETCH_BYTES_PER_MS,
  AUTO_FETCH_COST_BYTES,
  MAX_AUTO_FETCH_BUDGETS,
} from "../limits.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Clock } from "../ports.ts";

/**
 * What one conversation may put on this disk by itself. Whoever posts thousands of files fills it no
 * faster than that; what is beyond is there for the person to ask for.
 */
export class AutoFetchBudget {
  readonly #clock: Clock;
  /** Asked last comes last. */
  readonly #buckets = new Map<ConversationId, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** May a file of so many bytes be fetched by itself now? It counts then. */
  take(conversationId: ConversationId, bytes: number): boolean {
    const bucket =
      this.#buckets.get(conversationId) ??
      new TokenBucket(this.#clock, {
        burst: AUTO_FETCH_BURST_BYTES,
        perMs: AUTO_FETCH_BYTES_PER_MS,
      });
    this.#buckets.delete(conversationId);
    this.#buckets.set(conversationId, bucket);
    for (const longest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_AUTO_FETCH_BUDGETS) break;
      this.#buckets.delete(longest);
    }
    // Who chose to get larger ones gets them, one at a time.
    return bucket.take(Math.min(Math.max(bytes, AUTO_FETCH_COST_BYTES), AUTO_FETCH_BURST_BYTES));
  }
}

import { ProtocolError } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import { networkOf } from "./sign-in-throttle.ts";

/** Addresses remembered; the one that registered longest ago is forgotten first. */
const MAX_ENTRIES = 10_000;

/** Bounds new accounts from one address: a token bucket for each. */
export class RegistrationThrottle {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perMs: number;

  constructor(options: { clock: Clock; burst: number; perMinute: number }) {
    this.#clock = options.clock;
    this.#burst = options.burst;
    this.#perMs = options.perMinute / 60_000;
  }

  /** Counts one. @throws ProtocolError rate-limited */
  take(address: string): void {
    const key = networkOf(address);
    const at = this.#clock.monotonic();
    const before = this.#buckets.get(key) ?? { tokens: this.#burst, at };
    const tokens = Math.min(this.#burst, before.tokens + (at - before.at) * this.#perMs);
    if (tokens < 1) {
      throw new ProtocolError("rate-limited", "Too many new accounts from your address.", {
        retryAfterMs: Math.ceil((1 - tokens) / this.#perMs),
      });
    }
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens - 1, at });
    if (this.#buckets.size > MAX_ENTRIES) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
  }
}

import { ProtocolError } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60 * 1000;
/** Others sit behind the same address: they must not wait for long because of one. */
const LONGEST_ADDRESS_DELAY_MS = 30_000;
/** Failures are forgotten when there was none for so long. */
const MEMORY_MS = 60 * 60 * 1000;
/** Pairs remembered; the oldest are forgotten first. */
const MAX_ENTRIES = 20_000;

/** Attempts of one pair that may be checked at the same time while none has failed. */
const MAX_AT_ONCE = 16;

interface Failures {
  count: number;
  lastAt: number;
  /** Being checked. */
  running: number;
}

export interface SignInThrottleOptions {
  readonly clock: Clock;
  /** Free attempts of one account from one address. */
  readonly attempts: number;
  /** Free attempts from one address. */
  readonly attemptsPerAddress: number;
}

/**
 * Slows down guessing. After some wrong credentials, of an account from an address, each further
 * one doubles the time until the next attempt. Keyed by the pair, so that a stranger who guesses
 * cannot lock the owner out, who comes from elsewhere.
 */
export class SignInThrottle {
  readonly #failures = new Map<string, Failures>();
  readonly #options: SignInThrottleOptions;

  constructor(options: SignInThrottleOptions) {
    this.#options = options;
  }

  /**
   * Before an attempt is checked; `ended` follows. Those being checked count, so that many at once
   * are no way around. @throws ProtocolError rate-limited, with the time to wait
   */
  begin(account: string, address: string): void {
    const { attempts, attemptsPerAddress } = this.#options;
    const network = networkOf(address);
    const pair = this.#entry(`${network} ${account}`);
    const free = pair.count === 0 ? MAX_AT_ONCE : Math.max(1, attempts - pair.count);
    const waitMs = Math.max(
      pair.running >= free ? FIRST_DELAY_MS : 0,
      this.#wait(pair, attempts, LONGEST_DELAY_MS),
      this.#wait(this.#failures.get(network), attemptsPerAddress, LONGEST_ADDRESS_DELAY_MS),
    );
    if (waitMs > 0) {
      throw new ProtocolError("rate-limited", "Too many wrong attempts; wait before the next.", {
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    pair.running++;
  }

  /**
   * "right" clears the pair's count, for the owner knows the credential. The address's own count
   * stays: it may guess others. "unknown": it could not be checked.
   */
  ended(account: string, address: string, verdict: "right" | "wrong" | "unknown"): void {
    const network = networkOf(address);
    const key = `${network} ${account}`;
    const pair = this.#entry(key);
    pair.running = Math.max(0, pair.running - 1);
    if (verdict === "wrong") {
      this.#count(key);
      this.#count(network);
    } else {
      if (verdict === "right") pair.count = 0;
      if (pair.count === 0 && pair.running === 0) this.#failures.delete(key);
    }
  }

  #wait(failures: Failures | undefined, free: number, longestMs: number): number {
    if (failures === undefined || failures.count < free) return 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures.count - free), longestMs);
    return failures.lastAt + delay - this.#options.clock.monotonic();
  }

  #count(key: string): void {
    const entry = this.#entry(key);
    entry.count++;
    entry.lastAt = this.#options.clock.monotonic();
    // Set anew, so that the map stays in the order of the last failure.
    this.#failures.delete(key);
    this.#failures.set(key, entry);
  }

  #entry(key: string): Failures {
    const now = this.#options.clock.monotonic();
    const known = this.#failures.get(key);
    if (known !== undefined) {
      if (now - known.lastAt >= MEMORY_MS) known.count = 0;
      return known;
    }
    const entry = { count: 0, lastAt: now, running: 0 };
    this.#failures.set(key, entry);
    if (this.#failures.size > MAX_ENTRIES) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
    return entry;
  }
}

/** An IPv6 client owns a /64 (RFC 6177 §2): its addresses are one. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return groups.slice(0, 4).join(":");
}

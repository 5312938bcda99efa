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

interface Failures {
  count: number;
  lastAt: number;
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
   * Counts an attempt as failed until `succeeded` says otherwise, so that many at once are no way
   * around. @throws ProtocolError rate-limited, with the time to wait
   */
  attempt(account: string, address: string): void {
    const { attempts, attemptsPerAddress } = this.#options;
    const network = networkOf(address);
    const waitMs = Math.max(
      this.#wait(`${network} ${account}`, attempts, LONGEST_DELAY_MS),
      this.#wait(network, attemptsPerAddress, LONGEST_ADDRESS_DELAY_MS),
    );
    if (waitMs > 0) {
      throw new ProtocolError("rate-limited", "Too many wrong attempts; wait before the next.", {
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    this.#count(`${network} ${account}`);
  }

  /** It was wrong indeed. Counted here, for a whole school may sign in at once from one address. */
  failed(address: string): void {
    this.#count(networkOf(address));
  }

  /** The owner knows the credential; the address's own count stays, for it may guess others. */
  succeeded(account: string, address: string): void {
    this.#failures.delete(`${networkOf(address)} ${account}`);
  }

  #wait(key: string, free: number, longestMs: number): number {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < free) return 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures.count - free), longestMs);
    return failures.lastAt + delay - this.#options.clock.monotonic();
  }

  #count(key: string): void {
    const now = this.#options.clock.monotonic();
    const before = this.#failures.get(key);
    // Set anew, so that the map stays in the order of the last failure.
    this.#failures.delete(key);
    const count = before !== undefined && now - before.lastAt < MEMORY_MS ? before.count : 0;
    this.#failures.set(key, { count: count + 1, lastAt: now });
    if (this.#failures.size > MAX_ENTRIES) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
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

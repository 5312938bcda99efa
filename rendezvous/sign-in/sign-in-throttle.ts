import { ProtocolError } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60 * 1000;
/** Others sit behind the same address: they must not wait for long because of one. */
const LONGEST_ADDRESS_DELAY_MS = 30_000;
/**
 * Between two attempts on an account that many addresses guess at: 120 an hour, which is nothing to
 * a guesser, however many machines they have.
 */
const ACCOUNT_DELAY_MS = 30_000;
/**
 * Attempts on an account from each wide network (`siteOf`) that the bound of the account does not
 * hold up: whoever travels signs in at once, whatever others are guessing. A guesser gets as many
 * from each network that they have machines in, and pays Argon2id with 64 MiB for each.
 */
const SITE_ATTEMPTS = 3;
/** Failures are forgotten when there was none for so long. */
const MEMORY_MS = 60 * 60 * 1000;
/** Entries remembered of each kind; the oldest are forgotten first. */
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
  /** Free attempts of one account from all the addresses from which it never signed in. */
  readonly attemptsPerAccount: number;
}

/** One attempt: it counts as wrong until it was right. */
export interface Attempt {
  right(): void;
}

/**
 * Slows down guessing. After some wrong passwords, of an account from an address, each further one
 * doubles the time until the next attempt. Keyed by the pair, so that a stranger who guesses cannot
 * lock the owner out, who comes from elsewhere. Against many strangers at once there is a bound for
 * the account; it holds up neither the first attempts from a wide network, nor addresses from which
 * the account has signed in since the server started, and nothing here is asked when a known device
 * comes back by its key (SPEC A6).
 */
export class SignInThrottle {
  readonly #pairs = new Tally();
  readonly #networks = new Tally();
  readonly #accounts = new Tally();
  /** Pairs of wide network and account. */
  readonly #sites = new Tally();
  /** Pairs of network and account that have signed in. */
  readonly #known = new Set<string>();
  readonly #options: SignInThrottleOptions;

  constructor(options: SignInThrottleOptions) {
    this.#options = options;
  }

  /** Counts an attempt. @throws ProtocolError rate-limited, with the time to wait */
  begin(account: string, address: string): Attempt {
    const { clock, attempts, attemptsPerAddress, attemptsPerAccount } = this.#options;
    const now = clock.monotonic();
    const network = networkOf(address);
    const pair = `${network} ${account}`;
    const site = `${siteOf(address)} ${account}`;
    const isKnown = this.#known.has(pair);
    const isFresh = this.#sites.wait(site, now, SITE_ATTEMPTS, MEMORY_MS, true) <= 0;
    const waitMs = Math.max(
      this.#pairs.wait(pair, now, attempts, LONGEST_DELAY_MS),
      this.#networks.wait(network, now, attemptsPerAddress, LONGEST_ADDRESS_DELAY_MS),
      isKnown || isFresh
        ? 0
        : this.#accounts.wait(account, now, attemptsPerAccount, ACCOUNT_DELAY_MS, true),
    );
    if (waitMs > 0) {
      throw new ProtocolError("rate-limited", "Too many wrong attempts; wait before the next.", {
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    this.#pairs.count(pair, now);
    this.#networks.count(network, now);
    this.#sites.count(site, now);
    if (!isKnown) this.#accounts.count(account, now);
    return {
      right: () => {
        // The owner knows the password. The address may guess others, so only this one is taken back.
        this.#pairs.forget(pair);
        this.#sites.forget(site);
        this.#networks.takeBack(network);
        if (!isKnown) this.#accounts.takeBack(account);
        this.signedIn(account, address);
      },
    };
  }

  /** The account has signed in from there, by whatever means. */
  signedIn(account: string, address: string): void {
    const pair = `${networkOf(address)} ${account}`;
    // Set anew, so that the set stays in the order of the last sign-in.
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size > MAX_ENTRIES) forgetOldest(this.#known);
  }
}

/** Counts of attempts that are not known to be right, by key. */
export class Tally {
  readonly #failures = new Map<string, Failures>();

  /** Ms until the next attempt; each one over `free` doubles it, or it is `longestMs` at once. */
  wait(key: string, now: number, free: number, longestMs: number, steady = false): number {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < free) return 0;
    if (now - failures.lastAt >= MEMORY_MS) return 0;
    const growing = FIRST_DELAY_MS * 2 ** (failures.count - free);
    return failures.lastAt + (steady ? longestMs : Math.min(growing, longestMs)) - now;
  }

  count(key: string, now: number): void {
    const before = this.#failures.get(key);
    const count = before === undefined || now - before.lastAt >= MEMORY_MS ? 0 : before.count;
    // Set anew, so that the map stays in the order of the last attempt.
    this.#failures.delete(key);
    this.#failures.set(key, { count: count + 1, lastAt: now });
    if (this.#failures.size > MAX_ENTRIES) forgetOldest(this.#failures);
  }

  takeBack(key: string): void {
    const failures = this.#failures.get(key);
    if (failures === undefined) return;
    failures.count -= 1;
    if (failures.count <= 0) this.#failures.delete(key);
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}

function forgetOldest(entries: { keys(): Iterable<string>; delete(key: string): boolean }): void {
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
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

/** What one person or one provider's customer has at most: an IPv4 /24, an IPv6 /48. */
function siteOf(address: string): string {
  const network = networkOf(address);
  const isIpv6 = network.includes(":");
  return network
    .split(isIpv6 ? ":" : ".")
    .slice(0, 3)
    .join(isIpv6 ? ":" : ".");
}

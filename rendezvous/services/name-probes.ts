import { ProtocolError, type UserId } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import { RateLimiter } from "../connection/rate-limiter.ts";
import type { Rate } from "../connection/token-bucket.ts";
import { networkOf, Tally } from "../sign-in/sign-in-throttle.ts";

const LONGEST_DELAY_MS = 15 * 60 * 1000;
/** Others sit behind the same address: they must not wait for long because of one. */
const LONGEST_ADDRESS_DELAY_MS = 30_000;

export interface NameProbesOptions {
  readonly clock: Clock;
  /** Names that nobody has, that one account may ask for before the delays begin. */
  readonly unknownNames: number;
  /** The same of one address. */
  readonly unknownNamesPerAddress: number;
  /** Requests from one address, whoever they are for. */
  readonly requestsPerAddress: Rate;
}

/**
 * Keeps people from finding out by trial who has an account. Each name that nobody has counts
 * against the asker and their address; beyond some the next attempt, whatever its name, waits twice
 * as long as the one before.
 */
export class NameProbes {
  readonly #options: NameProbesOptions;
  readonly #requests: RateLimiter;
  readonly #accounts = new Tally();
  readonly #networks = new Tally();

  constructor(options: NameProbesOptions) {
    this.#options = options;
    this.#requests = new RateLimiter(options.clock, options.requestsPerAddress);
  }

  /**
   * Counts an attempt, before the name is looked up, as one that finds nobody: many at once are no
   * way around. @throws ProtocolError rate-limited, with the time to wait
   */
  begin(userId: UserId, address: string): { found(): void } {
    const { clock, unknownNames, unknownNamesPerAddress } = this.#options;
    const now = clock.monotonic();
    const network = networkOf(address);
    const waitMs = Math.max(
      this.#accounts.wait(userId, now, unknownNames, LONGEST_DELAY_MS),
      this.#networks.wait(network, now, unknownNamesPerAddress, LONGEST_ADDRESS_DELAY_MS),
    );
    if (waitMs > 0) {
      throw new ProtocolError("rate-limited", "Too many names that nobody has; wait a little.", {
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    this.#requests.take(network);
    this.#accounts.count(userId, now);
    this.#networks.count(network, now);
    return {
      found: () => {
        this.#accounts.takeBack(userId);
        this.#networks.takeBack(network);
      },
    };
  }
}

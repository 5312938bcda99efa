import { ProtocolError, type UserId } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import { RateLimiter } from "../connection/rate-limiter.ts";
import type { Rate } from "../connection/token-bucket.ts";
import { networkOf, Tally } from "../sign-in/sign-in-throttle.ts";
import { PairLock } from "./pair-lock.ts";

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
  readonly #turns = new PairLock();

  constructor(options: NameProbesOptions) {
    this.#options = options;
    this.#requests = new RateLimiter(options.clock, options.requestsPerAddress);
  }

  /**
   * Looks up a name for somebody. One account's look-ups run one after the other: many at once are
   * no way around, and cost nothing where all the names are somebody's.
   * @throws ProtocolError rate-limited, with the time to wait
   */
  find<T>(
    userId: UserId,
    address: string,
    lookUp: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const network = networkOf(address);
    return this.#turns.run(userId, userId, async () => {
      this.#admit(userId, network);
      const found = await lookUp();
      if (found === undefined) {
        const now = this.#options.clock.monotonic();
        this.#accounts.count(userId, now);
        this.#networks.count(network, now);
      }
      return found;
    });
  }

  #admit(userId: UserId, network: string): void {
    const { clock, unknownNames, unknownNamesPerAddress } = this.#options;
    const now = clock.monotonic();
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
  }
}

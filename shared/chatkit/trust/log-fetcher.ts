import { limits, ProtocolError, type Result, type UserId } from "../../protocol/index.ts";
import { backOffMs } from "../connection/back-off.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { TRUST_MAX_RETRIES, TRUST_RETRY_MAX_MS, TRUST_RETRY_MIN_MS } from "../limits.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";

export type FetchedLog = Result<"devices.log">["logs"][number];

export interface LogFetcherOptions {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Statements of that account's list that need not be told again. */
  readonly after: (userId: UserId) => number;
  /**
   * Takes what the server answered to the question for what comes after `after` statements. `more`:
   * ask again; `held-back`: it goes on and nothing of it came; `refused`: it was not believed.
   */
  readonly take: (log: FetchedLog, after: number) => "done" | "more" | "held-back" | "refused";
}

/** A signature takes a millisecond or two: with many lists, others get a turn after so long. */
const TURN_MS = 16;

interface Wish {
  readonly promise: Promise<boolean>;
  readonly settle: (isUpToDate: boolean) => void;
}

/**
 * Reads on in the device logs of accounts, many in one request, one request at a time. What failed
 * is tried again with growing pauses while there is a server, `TRUST_MAX_RETRIES` times; a new
 * session asks anew. Bounded by the roster: one wish per account.
 */
export class LogFetcher {
  readonly #options: LogFetcherOptions;
  readonly #wishes = new Map<UserId, Wish>();
  readonly #failed = new Set<UserId>();
  #failures = 0;
  #retry: Timer | undefined;
  #isRunning = false;
  #closed = false;
  readonly #unsubscribe: () => void;

  constructor(options: LogFetcherOptions) {
    this.#options = options;
    this.#unsubscribe = options.connection.onState(({ state }) => {
      if (state !== "online") this.#giveUp();
    });
  }

  /**
   * Reads the account's log to its end. True when that is done; false where it did not succeed at
   * once (it may be tried again in the background), or was not believed.
   */
  fetch(userId: UserId): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const known = this.#wishes.get(userId);
    if (known !== undefined) return known.promise;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#wishes.set(userId, { promise, settle: resolve });
    // All that is asked for in one tick goes in one request.
    queueMicrotask(() => void this.#run());
    return promise;
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#giveUp();
    for (const { settle } of this.#wishes.values()) settle(false);
    this.#wishes.clear();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#wishes.size > 0) {
      const batch = [...this.#wishes].slice(0, limits.DEVICE_LOGS_AT_ONCE);
      for (const [userId] of batch) this.#wishes.delete(userId);
      await this.#request(new Map(batch));
    }
    this.#isRunning = false;
  }

  async #request(batch: ReadonlyMap<UserId, Wish>): Promise<void> {
    const { clock, connection, log } = this.#options;
    const users = [...batch.keys()];
    const after = new Map(users.map((userId) => [userId, this.#options.after(userId)]));
    let logs: readonly FetchedLog[];
    try {
      ({ logs } = await connection.request("devices.log", {
        of: Array.from(after, ([userId, length]) => ({ userId, after: length })),
      }));
    } catch (error) {
      log.info("device lists were not read", { error });
      for (const { settle } of batch.values()) settle(false);
      return this.#retryLater(users, error);
    }
    const answers = new Map(logs.map((answer) => [answer.userId, answer]));
    const heldBack: UserId[] = [];
    let since = clock.monotonic();
    for (const [userId, wish] of batch) {
      if (clock.monotonic() - since > TURN_MS) {
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 0));
        since = clock.monotonic();
      }
      const answer = answers.get(userId);
      // An account that one may not ask about is left out.
      const outcome = answer === undefined ? "refused" : this.#take(answer, after.get(userId) ?? 0);
      if (outcome === "held-back") heldBack.push(userId);
      if (outcome === "more" && !this.#closed) this.#goOn(userId, wish);
      else wish.settle(outcome === "done");
    }
    if (heldBack.length === 0) this.#failures = 0;
    else this.#retryLater(heldBack, undefined);
  }

  /** One list at fault holds up no other. */
  #take(answer: FetchedLog, after: number): ReturnType<LogFetcherOptions["take"]> {
    try {
      return this.#options.take(answer, after);
    } catch (error) {
      this.#options.log.error("a device list was not taken in", { error });
      return "refused";
    }
  }

  /** The next page. */
  #goOn(userId: UserId, wish: Wish): void {
    const newer = this.#wishes.get(userId);
    if (newer === undefined) this.#wishes.set(userId, wish);
    else void newer.promise.then(wish.settle);
  }

  #retryLater(users: readonly UserId[], error: unknown): void {
    if (this.#closed || this.#options.connection.state.state !== "online") return;
    if (error instanceof ProtocolError && !error.retryable) return;
    if (this.#failures >= TRUST_MAX_RETRIES) return;
    for (const userId of users) this.#failed.add(userId);
    if (this.#retry !== undefined) return;
    const { clock, random } = this.#options;
    const bounds = { min: TRUST_RETRY_MIN_MS, max: TRUST_RETRY_MAX_MS };
    const told = error instanceof ProtocolError ? (error.retryAfterMs ?? 0) : 0;
    this.#failures += 1;
    this.#retry = clock.setTimer(
      () => this.#tryAgain(),
      told + TRUST_RETRY_MIN_MS + backOffMs(random, this.#failures, bounds),
    );
  }

  #tryAgain(): void {
    this.#retry = undefined;
    const users = [...this.#failed];
    this.#failed.clear();
    for (const userId of users) void this.fetch(userId);
  }

  #giveUp(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#failed.clear();
    this.#failures = 0;
  }
}

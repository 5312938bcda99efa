import { ProtocolError } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import { backOffMs } from "../connection/back-off.ts";
import {
  GROUP_PAUSE_MAX_MS,
  GROUP_PAUSE_MIN_MS,
  GROUP_RETRY_MAX_MS,
  GROUP_RETRY_MIN_MS,
  GROUP_TRIES,
} from "../limits.ts";
import type { ConversationGroup } from "./conversation-group.ts";
import type { GroupContext } from "./group-context.ts";
import { GroupSync, type Demand } from "./group-sync.ts";
import { UpkeepError } from "./upkeep-error.ts";

interface Ticket {
  readonly demand: Demand;
  readonly resolve: (isWorthATry: boolean) => void;
}

/**
 * Looks after one group with the server's help, one round at a time. What is demanded while a round
 * is under way is met by the next, all of it together. Tries are counted, and what fails again and
 * again is left alone for a while.
 */
export class GroupUpkeep {
  readonly #group: ConversationGroup;
  readonly #context: GroupContext;
  readonly #sync: GroupSync;
  #tickets: Ticket[] = [];
  #isRunning = false;
  #closed = false;
  /** Rounds in a row that came to nothing. */
  #failures = 0;
  /** Ends the pause that is under way. */
  #wake: (() => void) | undefined;

  constructor(group: ConversationGroup, context: GroupContext) {
    this.#group = group;
    this.#context = context;
    this.#sync = new GroupSync(group, context);
  }

  get isBusy(): boolean {
    return this.#isRunning;
  }

  /**
   * Never rejects. True when it was brought about, or failed and the pause after that is over; false
   * when the server was not reached.
   */
  demand(demand: Demand): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#tickets.push({ demand, resolve });
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  /** The server is there again: what paused goes on. */
  wake(): void {
    this.#failures = 0;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#tickets.length > 0) {
      const tickets = this.#tickets;
      this.#tickets = [];
      const isWorthATry = await this.#round(together(tickets));
      for (const { resolve } of tickets) resolve(isWorthATry);
    }
    this.#isRunning = false;
  }

  async #round(demand: Demand): Promise<boolean> {
    if (demand.compare === true) this.#group.needs.compare = true;
    for (let attempt = 0; attempt < GROUP_TRIES; attempt++) {
      if (this.#closed || !this.#context.service.isReachable) return false;
      try {
        await this.#sync.bringAbout(demand);
        await this.#context.commit();
        this.#failures = 0;
        return true;
      } catch (error) {
        if (error instanceof ChatKitError) return false;
        const pause = this.#pauseAfter(error, attempt);
        if (pause === undefined) break;
        await this.#pause(pause);
      }
    }
    await this.#pause(
      backOffMs(this.#context.random, this.#failures, {
        min: GROUP_PAUSE_MIN_MS,
        max: GROUP_PAUSE_MAX_MS,
      }),
    );
    this.#failures++;
    return !this.#closed;
  }

  /** @returns undefined where trying again at once is useless */
  #pauseAfter(error: unknown, attempt: number): number | undefined {
    const { log, random } = this.#context;
    const isConflict = error instanceof UpkeepError && error.reason === "conflict";
    const isRefusal = error instanceof ProtocolError && error.retryable;
    if (!isConflict) {
      log.warn("a group could not be brought up to date", {
        conversationId: this.#group.memory.conversationId,
        error,
      });
    }
    if (!isConflict && !isRefusal) return undefined;
    const bounds = { min: GROUP_RETRY_MIN_MS, max: GROUP_RETRY_MAX_MS };
    const least = isRefusal ? (error.retryAfterMs ?? 0) : 0;
    return least + backOffMs(random, attempt, bounds);
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#context.clock.setTimer(resolve, ms);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    timer.cancel();
  }
}

function together(tickets: readonly Ticket[]): Demand {
  const demands = tickets.map(({ demand }) => demand);
  const recipients = demands.flatMap((demand) => demand.recipients ?? []);
  const unique = new Map(recipients.map((one) => [one.deviceId, one]));
  return {
    ...(demands.some((demand) => demand.recipients !== undefined)
      ? { recipients: [...unique.values()] }
      : {}),
    epoch: Math.max(0, ...demands.map(({ epoch }) => epoch ?? 0)),
    compare: demands.some(({ compare }) => compare === true),
    tidy: demands.some(({ tidy }) => tidy === true),
  };
}

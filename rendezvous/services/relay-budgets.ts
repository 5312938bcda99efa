import type { UserId } from "../../shared/protocol/index.ts";

/** Bytes that one account may have relayed: refilled per second, and saved up at most. */
export interface RelayRate {
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
}

/** What an account has left, over all its connections. What is over is forwarded and owed. */
export class RelayBudget {
  left: number;
  /** Connections that spend of it. */
  holders = 0;

  constructor(left: number) {
    this.left = left;
  }
}

/**
 * A budget for each account that has something relayed, however many devices it has and however
 * often they come back: who has nobody's connection any more keeps what they owe until it is earned.
 */
export class RelayBudgets {
  readonly #rate: RelayRate;
  /** Those in use, and those not full yet: within `burstBytes / bytesPerSecond` they are. */
  readonly #budgets = new Map<UserId, RelayBudget>();

  constructor(rate: RelayRate) {
    this.#rate = rate;
  }

  /** For one more connection, until it gives it back. */
  hold(userId: UserId): RelayBudget {
    let budget = this.#budgets.get(userId);
    if (budget === undefined) {
      budget = new RelayBudget(this.#rate.burstBytes);
      this.#budgets.set(userId, budget);
    }
    budget.holders += 1;
    return budget;
  }

  giveBack(budget: RelayBudget): void {
    budget.holders -= 1;
  }

  /** What all have earned since the last time, `ms` ago. */
  earn(ms: number): void {
    const { bytesPerSecond, burstBytes } = this.#rate;
    for (const [userId, budget] of this.#budgets) {
      budget.left = Math.min(burstBytes, budget.left + (bytesPerSecond * ms) / 1000);
      if (budget.holders === 0 && budget.left === burstBytes) this.#budgets.delete(userId);
    }
  }

  get size(): number {
    return this.#budgets.size;
  }
}

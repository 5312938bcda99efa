import type { Clock } from "../clock.ts";

/** Longest time between the two halves of a sign-in, ms. */
const KEPT_MS = 60_000;

/**
 * What waits for the second half of a two-step request: one thing of a connection at a time, good
 * once. It goes with the connection.
 */
export class BetweenHalves<T> {
  readonly #kept = new WeakMap<object, { readonly value: T; readonly until: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces what waited before. */
  keep(connection: object, value: T): void {
    this.#kept.set(connection, { value, until: this.#clock.monotonic() + KEPT_MS });
  }

  /** Undefined where nothing waits, or it has waited too long. */
  take(connection: object): T | undefined {
    const kept = this.#kept.get(connection);
    this.#kept.delete(connection);
    return kept !== undefined && this.#clock.monotonic() < kept.until ? kept.value : undefined;
  }
}

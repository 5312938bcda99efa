import { GROUP_PAUSE_MAX_MS, GROUP_PAUSE_MIN_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";

/** As often as that without a pause: what happens by accident does not happen thrice. */
const FREE = 2;

/**
 * Keeps what helps against a mishap from going round in circles where it does not help: the first
 * times are free, then each needs a longer pause since the last. Long enough without, all is forgotten.
 */
export class Pacer {
  readonly #clock: Clock;
  #times = 0;
  #last = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** May it be done now? Where it may, it counts as done. */
  tryNow(): boolean {
    const now = this.#clock.monotonic();
    const since = now - this.#last;
    if (since > 2 * GROUP_PAUSE_MAX_MS) this.#times = 0;
    if (this.#times >= FREE) {
      const pause = GROUP_PAUSE_MIN_MS * 2 ** (this.#times - FREE);
      if (since < Math.min(pause, GROUP_PAUSE_MAX_MS)) return false;
    }
    this.#times++;
    this.#last = now;
    return true;
  }

  /** All is well again. */
  reset(): void {
    this.#times = 0;
  }
}

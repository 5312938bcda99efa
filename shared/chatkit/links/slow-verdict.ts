/** A direct link below this is fast enough for a conversation, whatever the relay does. ms */
export const SLOW_FLOOR_MS = 300;

/** The relay is clearly faster where it takes less than this part of the direct link's time. */
export const CLEARLY_FASTER = 0.5;

/** It no longer is from here on; between the two nothing changes, so that messages do not swing. */
const NO_LONGER_FASTER = 0.75;

/** Below this a slow link has recovered, without a look at the relay. ms */
export const RECOVERED_MS = 200;

/** So many comparisons in a row must agree: one lost packet makes one slow round trip. */
export const AGREEING = 3;

/** Is a direct link so much slower than the relay that messages should leave it? */
export class SlowVerdict {
  #slow = false;
  #against = 0;

  get slow(): boolean {
    return this.#slow;
  }

  /** The last comparison spoke for the other verdict: the next should come soon. */
  get doubtful(): boolean {
    return this.#against > 0;
  }

  /** Is the relay's round trip needed to judge this one? */
  needsRelay(directMs: number): boolean {
    return this.#slow ? directMs >= RECOVERED_MS : directMs >= SLOW_FLOOR_MS;
  }

  /**
   * @param relayMs undefined where it was not needed, or there is no relay
   * @returns true where the verdict changed
   */
  note(directMs: number, relayMs: number | undefined): boolean {
    if (!this.#speaksAgainst(directMs, relayMs)) {
      this.#against = 0;
      return false;
    }
    this.#against += 1;
    if (this.#against < AGREEING) return false;
    this.#against = 0;
    this.#slow = !this.#slow;
    return true;
  }

  #speaksAgainst(directMs: number, relayMs: number | undefined): boolean {
    if (this.#slow) {
      const recovered = directMs < RECOVERED_MS;
      return recovered || relayMs === undefined || relayMs >= directMs * NO_LONGER_FASTER;
    }
    return (
      directMs >= SLOW_FLOOR_MS && relayMs !== undefined && relayMs < directMs * CLEARLY_FASTER
    );
  }
}

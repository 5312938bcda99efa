import type { HybridTime } from "../../protocol/index.ts";
import { MAX_CLOCK_AHEAD_MS } from "../limits.ts";

const MAX_COUNTER = 0xffff;

/**
 * The hybrid logical clock of one conversation (Kulkarni et al., 2014): every time it gives is
 * later than all it gave or observed, and stays near the wall clock.
 */
export class HybridClock {
  #last: HybridTime;

  constructor(last: HybridTime = { ms: 0, counter: 0 }) {
    this.#last = last;
  }

  /** The latest time given or observed. */
  get last(): HybridTime {
    return this.#last;
  }

  /** A time for a new message. @param now wall clock, ms */
  tick(now: number): HybridTime {
    this.#last = now > this.#last.ms ? { ms: now, counter: 0 } : after(this.#last);
    return this.#last;
  }

  /**
   * Takes note of a message's time and returns the time to file it under: its own, or the next of
   * this clock where its sender's clock is more than `MAX_CLOCK_AHEAD_MS` ahead of ours, so that
   * nobody can carry a conversation to where times end. Within that a wrong clock is followed: the
   * order of the conversation matters more than its distance from the wall clock.
   * @param now wall clock, ms
   */
  observe(time: HybridTime, now: number): HybridTime {
    if (time.ms > Math.max(now, this.#last.ms) && time.ms > now + MAX_CLOCK_AHEAD_MS) {
      return this.tick(now);
    }
    if (compareTimes(time, this.#last) > 0) this.#last = time;
    return time;
  }
}

function after(time: HybridTime): HybridTime {
  return time.counter < MAX_COUNTER
    ? { ms: time.ms, counter: time.counter + 1 }
    : { ms: time.ms + 1, counter: 0 };
}

export function compareTimes(a: HybridTime, b: HybridTime): number {
  return a.ms - b.ms || a.counter - b.counter;
}

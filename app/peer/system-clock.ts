import type { Clock, Timer } from "../../shared/chatkit/ports.ts";

/** `setTimeout` takes 31 bits of milliseconds (24.8 days); more would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The clocks and timers that Node and browsers share. Times over 24.8 days are waited in parts. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (callback, ms) => new SystemTimer(callback, ms),
};

class SystemTimer implements Timer {
  readonly #callback: () => void;
  readonly #due: number;
  #handle: ReturnType<typeof setTimeout> | undefined;

  constructor(callback: () => void, ms: number) {
    this.#callback = callback;
    this.#due = performance.now() + ms;
    this.#wait(ms);
  }

  #wait(ms: number): void {
    this.#handle = setTimeout(
      () => {
        const left = this.#due - performance.now();
        if (ms > MAX_TIMEOUT_MS && left > 0) this.#wait(left);
        else this.#callback();
      },
      Math.min(Math.max(0, ms), MAX_TIMEOUT_MS),
    );
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

import type { Clock, Timer } from "../ports.ts";

interface FakeTimer {
  readonly due: number;
  readonly callback: () => void;
}

/** Long enough for the promise chains of the engine, which hold no timers of their own. */
const MICROTASK_ROUNDS = 100;

/** Lets everything run that waits for promises alone. */
export async function flushMicrotasks(): Promise<void> {
  for (let round = 0; round < MICROTASK_ROUNDS; round += 1) await Promise.resolve();
}

/** A clock that stands still until told otherwise. Starts at 2026-01-01T00:00:00Z. */
export class FakeClock implements Clock {
  #wall = 1_767_225_600_000;
  #monotonic = 0;
  readonly #timers = new Set<FakeTimer>();

  now(): number {
    return Math.floor(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer: FakeTimer = { due: this.#monotonic + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Timers that wait: a test of release expects none. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves both clocks by `ms`; runs the timers that come due, in order, those set on the way
   * included, each at its own time, and lets promises settle before, between and after.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await flushMicrotasks();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#moveTo(Math.max(timer.due, this.#monotonic));
      timer.callback();
      await flushMicrotasks();
    }
    this.#moveTo(end);
  }

  /** The wall clock is set forward, or back where `ms` is negative; timers do not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  /** The earliest timer due by `end`; of equal ones the one set first. */
  #next(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}

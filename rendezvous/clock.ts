/** Time as the server's core sees it; tests put their own in its place. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump. For stamps that are stored or sent. */
  now(): number;
  /** Milliseconds from an arbitrary start. Never jumps. For every delay and time-out. */
  monotonic(): number;
  /** Calls back every `ms` until disposed. */
  every(ms: number, callback: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

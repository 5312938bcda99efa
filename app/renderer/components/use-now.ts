import { signal } from "@preact/signals";

/** By interval; each runs while somebody looks at it. */
const clocks = new Map<number, () => number>();

/**
 * The time, renewed every `intervalMs`, for texts that say how long ago. All that name the same interval
 * share one timer: a list has many rows.
 */
export function useNow(intervalMs: number): number {
  let clock = clocks.get(intervalMs);
  if (clock === undefined) {
    clock = clockOf(intervalMs);
    clocks.set(intervalMs, clock);
  }
  return clock();
}

function clockOf(intervalMs: number): () => number {
  let timer: ReturnType<typeof setInterval> | undefined;
  const now = signal(Date.now(), {
    watched() {
      timer = setInterval(() => {
        now.value = Date.now();
      }, intervalMs);
    },
    unwatched() {
      clearInterval(timer);
      timer = undefined;
    },
  });
  return () => {
    // Nobody looked at it: it stands.
    if (timer === undefined) now.value = Date.now();
    return now.value;
  };
}

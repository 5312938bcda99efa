import type { AppLock } from "./app-lock.ts";

/** How often is looked whether the time is over; the lock comes so much late at most. */
const LOOK_MS = 5_000;

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

export interface IdlePorts {
  readonly target: EventTarget;
  /** Milliseconds since the epoch: they go on while the machine sleeps. */
  readonly now: () => number;
  /** Calls again and again; ends with the returned function. */
  readonly every: (ms: number, task: () => void) => () => void;
}

/** Locks the app where nobody has touched it for the chosen time. Ends with the returned function. */
export function watchIdle(lock: AppLock, { target, now, every }: IdlePorts): () => void {
  let last = now();
  const look = (): void => {
    const minutes = lock.minutes.peek();
    if (minutes > 0 && now() - last >= minutes * 60_000) lock.engage();
  };
  const touched = (): void => {
    // A machine that wakes up: the lock comes before the movement that woke it counts.
    look();
    last = now();
  };
  for (const sign of SIGNS)
    target.addEventListener(sign, touched, { capture: true, passive: true });
  const end = every(LOOK_MS, look);
  return () => {
    end();
    for (const sign of SIGNS) target.removeEventListener(sign, touched, { capture: true });
  };
}

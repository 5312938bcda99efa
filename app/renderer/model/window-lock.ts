import { logWarning } from "../platform/log.ts";

/** How long the other window has to let go before the lock is taken from it: it may hang. */
const TAKE_OVER_MS = 5_000;

/** A window that was just closed or reloaded keeps what it held for a moment, on a busy machine longer. */
const CLOSING_MS = 4_000;

/** One account is open in one window at a time (Web Locks API and BroadcastChannel). */
export interface WindowLocks {
  /** @returns undefined where another window has it */
  claim(account: string, onLost: () => Promise<void>): Promise<WindowLock | undefined>;
  /** Asks the other window to let go; takes the lock from it where it does not answer. */
  takeOver(account: string, onLost: () => Promise<void>): Promise<WindowLock>;
}

export interface WindowLock {
  release(): void;
}

export function createWindowLocks(): WindowLocks {
  // Without a secure context there are no locks: the server's `replaced` then keeps order.
  if (!("locks" in navigator)) {
    const free: WindowLock = { release: () => undefined };
    return { claim: async () => free, takeOver: async () => free };
  }
  const nameOf = (account: string): string => `beeline-window:${account}`;
  return {
    async claim(account, onLost) {
      const signal = AbortSignal.timeout(CLOSING_MS);
      try {
        return await request(nameOf(account), { signal }, onLost);
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    },
    async takeOver(account, onLost) {
      const name = nameOf(account);
      const ask = new BroadcastChannel(name);
      ask.postMessage("release");
      ask.close();
      try {
        const signal = AbortSignal.timeout(TAKE_OVER_MS);
        return await request(name, { signal }, onLost);
      } catch (error) {
        logWarning("the other window did not let go", error);
      }
      return await request(name, { steal: true }, onLost);
    },
  };
}

function request(
  name: string,
  options: LockOptions,
  onLost: () => Promise<void>,
): Promise<WindowLock> {
  const released = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<WindowLock>();
  const channel = new BroadcastChannel(name);
  let held = false;
  const end = (): void => {
    held = false;
    channel.close();
    released.resolve();
  };
  channel.addEventListener("message", () => {
    if (held) void onLost().finally(end);
  });
  navigator.locks
    .request(name, options, () => {
      held = true;
      outcome.resolve({ release: end });
      return released.promise;
    })
    .catch((error: unknown) => {
      // Rejects where the lock is stolen while it is held, or was not to be had in time.
      if (held) void onLost().finally(end);
      else channel.close();
      outcome.reject(error instanceof Error ? error : new Error("lock refused", { cause: error }));
    });
  return outcome.promise;
}

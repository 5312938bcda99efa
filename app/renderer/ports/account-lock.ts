import type { Log } from "../../../shared/chatkit/ports.ts";
import { StoreError } from "../../../shared/chatkit/store.ts";

/** A window that is being closed or reloaded lets go within this, also on a busy machine. */
const PATIENCE_MS = 3_000;

/**
 * Takes an account for this window alone (Web Locks API): two windows would hand out the same
 * sequence numbers. Where the page is not in a secure context there are no locks, and this says so
 * in the log.
 * @returns the function that lets go
 * @throws StoreError locked
 */
export async function lockAccount(name: string, log: Log): Promise<() => void> {
  if (!("locks" in navigator)) {
    log.warn("no Web Locks in an insecure context: keep this account to one window");
    return () => undefined;
  }
  const released = Promise.withResolvers<void>();
  const acquired = Promise.withResolvers<void>();
  navigator.locks
    .request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
      acquired.resolve();
      return released.promise;
    })
    // After `acquired` this changes nothing: the lock ends with `released` alone.
    .catch((cause: unknown) => {
      acquired.reject(
        new StoreError("locked", "This account is open in another window.", { cause }),
      );
    });
  await acquired.promise;
  return released.resolve;
}

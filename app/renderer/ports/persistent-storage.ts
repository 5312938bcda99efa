import type { Log } from "../../../shared/chatkit/ports.ts";

let asked: Promise<void> | undefined;

/**
 * Asks the browser, once for each page, not to drop the history when the disk runs short (Storage
 * Standard §4.2). It may say no; then the history is as durable as any site's.
 */
export function askForPersistence(log: Log): Promise<void> {
  asked ??= ask(log);
  return asked;
}

async function ask(log: Log): Promise<void> {
  // Absent in insecure contexts.
  if (!("storage" in navigator)) return;
  try {
    const persistent = (await navigator.storage.persisted()) || (await navigator.storage.persist());
    log.debug("history storage", { persistent });
  } catch (error) {
    log.warn("could not ask for persistent storage", { error });
  }
}

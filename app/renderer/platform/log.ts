/** What went wrong and does not concern the person: for whoever opens the developer tools. */
export function logWarning(message: string, error?: unknown): void {
  // oxlint-disable-next-line no-console -- the one place where the interface writes to the console
  console.warn(`[beeline] ${message}`, error ?? "");
}

import { ChatKitError } from "../api.ts";

/** What a host is told where the store failed. */
export function storeFailed(error: unknown): ChatKitError {
  if (error instanceof ChatKitError) return error;
  return new ChatKitError("store-failed", "The message store failed.", {
    retryable: true,
    cause: error,
  });
}

/** @throws ChatKitError store-failed in place of what `use` throws, unless that is one */
export async function orStoreFailed<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw storeFailed(error);
  }
}

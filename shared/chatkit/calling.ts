import { ProtocolError } from "../protocol/index.ts";
import { ChatKitError } from "./api.ts";
import { StoreError } from "./store.ts";

/** Runs a call of a host's: whatever goes wrong, it rejects with `ChatKitError`. */
export async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asChatKitError(error);
  }
}

function asChatKitError(error: unknown): ChatKitError {
  if (error instanceof ChatKitError) return error;
  if (error instanceof ProtocolError) {
    const { errorName, message, retryable, retryAfterMs } = error;
    return new ChatKitError(errorName, message, {
      retryable,
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (error instanceof StoreError) {
    return new ChatKitError("store-failed", error.message, { retryable: true, cause: error });
  }
  return new ChatKitError("internal", "Something unexpected went wrong.", { cause: error });
}

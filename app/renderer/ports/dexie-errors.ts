import { StoreError } from "../../../shared/chatkit/store.ts";

/** Names of DOMException (webidl §2.8.1) and of Dexie, and what a person can do about them. */
const reasonOfName = new Map<string, StoreError["reason"]>([
  ["QuotaExceededError", "full"],
  ["InvalidAccessError", "forbidden"],
  ["NotAllowedError", "forbidden"],
  // Storage switched off, or a private window that has none.
  ["SecurityError", "forbidden"],
  ["MissingAPIError", "forbidden"],
  ["NotReadableError", "damaged"],
]);

const textOfReason: Record<StoreError["reason"], string> = {
  damaged: "The browser cannot read this history.",
  locked: "This account is open in another window.",
  full: "The browser has no room left for messages.",
  forbidden: "The browser does not permit this site to store messages.",
  unknown: "The browser's storage failed.",
};

/** What a failed call of Dexie means to the person whose history it is. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const reason = reasonOf(error);
  return new StoreError(reason, textOfReason[reason], { cause: error });
}

/** Dexie wraps: the cause is in `inner`, at times two levels down. */
function reasonOf(error: unknown, depth = 0): StoreError["reason"] {
  if (depth > 3 || typeof error !== "object" || error === null) return "unknown";
  const known =
    "name" in error && typeof error.name === "string" ? reasonOfName.get(error.name) : undefined;
  if (known !== undefined) return known;
  return "inner" in error ? reasonOf(error.inner, depth + 1) : "unknown";
}

import {
  errorNameOf,
  errorTable,
  ProtocolError,
  type ErrorName,
  type PutOutcome,
} from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import { RELAY_PAUSE_MIN_MS, UNREACHABLE_MS } from "../limits.ts";
import type { FailureReason, PathReason, WaitReason } from "./delivery-state.ts";

/** What an attempt to store an envelope means for the message. */
export type PutVerdict =
  | { readonly kind: "stored" }
  | { readonly kind: "later"; readonly why: WaitReason; readonly afterMs: number | undefined }
  | { readonly kind: "refused"; readonly reason: FailureReason };

/** Never rejects: every way in which the attempt can end has a verdict. */
export async function judgePut(attempt: Promise<PutOutcome>): Promise<PutVerdict> {
  try {
    const outcome = await attempt;
    if (outcome.outcome === "stored") return { kind: "stored" };
    return judgeError(errorNameOf(outcome.error), undefined);
  } catch (error) {
    if (error instanceof ProtocolError) return judgeError(error.errorName, error.retryAfterMs);
    const afterMs = error instanceof ChatKitError ? error.retryAfterMs : undefined;
    return { kind: "later", why: "server-unreachable", afterMs };
  }
}

function judgeError(name: ErrorName, afterMs: number | undefined): PutVerdict {
  switch (name) {
    case "mailbox-full":
      return { kind: "later", why: "mailbox-full", afterMs };
    case "rate-limited":
    case "too-many-requests":
      return { kind: "later", why: "rate-limited", afterMs };
    case "not-buddies":
      return { kind: "refused", reason: "not-buddies" };
    case "no-such-device":
      return { kind: "refused", reason: "no-devices" };
    case "too-large":
      return { kind: "refused", reason: "too-large" };
    case "not-signed-in":
    case "session-ended":
      // The connection's own business: it signs in anew or tells the user.
      return { kind: "later", why: "server-unreachable", afterMs };
    default:
      return errorTable[name].retryable
        ? { kind: "later", why: "server-unreachable", afterMs }
        : { kind: "refused", reason: "refused" };
  }
}

/** Why no relay link could be had, as the stored message will tell. */
export function relayRefusal(error: unknown): PathReason {
  return error instanceof ProtocolError && error.errorName === "peer-offline"
    ? "offline"
    : "unreachable";
}

/**
 * Ms after which to ask for the relay again, where it was refused only because too much was asked
 * at a time; undefined where it is out of reach.
 */
export function relayPauseMs(error: unknown): number | undefined {
  if (!(error instanceof ProtocolError)) return undefined;
  const { errorName, retryAfterMs } = error;
  if (errorName !== "rate-limited" && errorName !== "too-many-requests") return undefined;
  return Math.min(Math.max(retryAfterMs ?? 0, RELAY_PAUSE_MIN_MS), UNREACHABLE_MS);
}

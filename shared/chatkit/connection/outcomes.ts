import { closeCodes, TLS_HANDSHAKE_FAILED, type ErrorName } from "../../protocol/index.ts";
import { ChatKitError, type SignedOutReason } from "../api.ts";
import { unreachable } from "./rpc-socket.ts";

/** The server asked for a pause by closing: it gets at least this one. */
const PAUSE_MS = 5_000;

/** Why the session is over after this close code; undefined where it can be resumed. */
export function signedOutByClose(code: number): SignedOutReason | undefined {
  switch (code) {
    case closeCodes.sessionEnded:
      return "session-ended";
    // The same device is connected from elsewhere: to return would throw that one out in turn.
    case closeCodes.replaced:
      return "replaced";
    case closeCodes.unsupportedVersion:
      return "unsupported-version";
    default:
      return undefined;
  }
}

/** Why the session is over after this refusal to resume it; undefined where it may work later. */
export function signedOutByRefusal(error: ErrorName): SignedOutReason | undefined {
  if (error === "session-ended" || error === "account-disabled") return error;
  // A key that the server does not take today it will not take tomorrow.
  return error === "wrong-device-key" ? "session-ended" : undefined;
}

/** What a connection's end means to those who wait for it. */
export function errorOfClose(code: number, reason: string): ChatKitError {
  const message = reason === "" ? `Closed with code ${code}.` : reason;
  return code === TLS_HANDSHAKE_FAILED
    ? new ChatKitError("wrong-certificate", message)
    : unreachable(message);
}

/** Least wait before the next attempt, ms, beside the back-off. */
export function pauseAfterClose(code: number): number {
  return code === closeCodes.rateLimited || code === closeCodes.protocolViolation ? PAUSE_MS : 0;
}

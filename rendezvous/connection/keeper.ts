import { closeCodes, limits } from "../../shared/protocol/index.ts";
import type { Connection } from "./connection.ts";

/** How often all connections are looked at: one timer for all, none per connection. */
export const SWEEP_MS = 1000;
/** A client that reads nothing of what waits for it for so long is cut. */
const STUCK_MS = 15_000;
/** Time to answer a close frame. */
const CLOSE_GRACE_MS = 2000;
/** Heartbeats that may be missed. */
const MISSED_HEARTBEATS = 3;

/** Looks at one connection: is it signed in, alive, reading, gone? `now` in monotonic ms. */
export function sweep(connection: Connection, now: number): void {
  if (connection.endingSince !== undefined) {
    if (now - connection.endingSince >= CLOSE_GRACE_MS) connection.ws.terminate();
    return;
  }
  if (connection.member === undefined && now - connection.openedAt >= limits.SIGN_IN_DEADLINE_MS) {
    connection.end(closeCodes.signInTimeout);
    return;
  }
  if (isStuck(connection, now) || isSilent(connection, now)) {
    connection.end(closeCodes.unresponsive);
  }
}

function isStuck(connection: Connection, now: number): boolean {
  const waiting = connection.waitingBytes;
  // `bytesWritten` counts what waits as well: the difference is what the client's side has taken.
  const sent = waiting === 0 ? 0 : connection.socket.bytesWritten - waiting;
  if (waiting === 0 || sent !== connection.sentBytes) {
    connection.sentBytes = sent;
    connection.progressAt = now;
    return false;
  }
  return now - connection.progressAt >= STUCK_MS;
}

function isSilent(connection: Connection, now: number): boolean {
  if (connection.stopped) {
    // Not read from, on the server's own account.
    connection.heardAt = now;
    return false;
  }
  const silentMs = now - connection.heardAt;
  if (silentMs >= limits.HEARTBEAT_MS * MISSED_HEARTBEATS) return true;
  if (silentMs >= limits.HEARTBEAT_MS && now - connection.pingedAt >= limits.HEARTBEAT_MS) {
    connection.pingedAt = now;
    connection.ws.ping();
  }
  return false;
}

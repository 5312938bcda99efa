import { sameBytes, statementHash } from "../../crypto/index.ts";

/** Of each statement's hash: whoever made two with the same would only make a fork look like nothing new. */
const TRAIL_BYTES = 8;

/** The beginnings of all hashes of a log, in turn: whether two logs are one can be told from them. */
export type LogTrail = Uint8Array;

export function extendTrail(trail: LogTrail, statements: readonly Uint8Array[]): LogTrail {
  const longer = new Uint8Array(trail.length + statements.length * TRAIL_BYTES);
  longer.set(trail);
  for (const [index, statement] of statements.entries()) {
    longer.set(
      statementHash(statement).subarray(0, TRAIL_BYTES),
      trail.length + index * TRAIL_BYTES,
    );
  }
  return longer;
}

/** Is the first log the second one's beginning, or all of it? */
export function isBeginning(trail: LogTrail, of: LogTrail): boolean {
  return sameBytes(trail, of.subarray(0, trail.length));
}

/** The digits of an order that are its time (SPEC O1), and the last time that they can tell. */
const MS_DIGITS = 12;
const LAST_MS = 2 ** 48 - 1;

/**
 * The `order` at which messages of a time begin, for `history`.
 * @param at ms since the epoch
 */
export function orderAt(at: number): string {
  const ms = Math.min(Math.max(Math.trunc(at), 0), LAST_MS);
  return ms.toString(16).padStart(MS_DIGITS, "0");
}

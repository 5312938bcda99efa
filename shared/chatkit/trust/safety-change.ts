import { lists } from "./log-reading.ts";
import { isBeginning } from "./log-trail.ts";
import { recordOf, type TrustRecord } from "./trust-record.ts";

/**
 * The record after its list was read on. A list that was known before and has changed loses its
 * verified mark, and the change is kept until the user has seen it; several add up. The first
 * reading is trusted as it is. Another log than the one known counts as a list that began anew.
 * @param at by our clock; undefined for a first reading, and for one's own account, which is told
 * by notices
 */
export function changedRecord(
  before: TrustRecord,
  known: Pick<TrustRecord, "list" | "trail">,
  at: number | undefined,
): TrustRecord {
  const { list, trail } = known;
  const added = list.devices.filter((device) => !lists(before.list, device)).length;
  const removed = before.list.devices.filter((device) => !lists(list, device)).length;
  const reset = list.resets > before.list.resets || !isBeginning(before.trail, trail);
  if (at === undefined) return recordOf(known, { verified: false, change: undefined });
  const { change, verified } = before;
  // Another password alone is told only to who compared: it is in the number, for it may add devices.
  if (!verified && !reset && added + removed === 0) return recordOf(known, { verified, change });
  return recordOf(known, {
    verified: false,
    change: {
      at,
      wasVerified: verified || change?.wasVerified === true,
      reset: reset || change?.reset === true,
      added: added + (change?.added ?? 0),
      removed: removed + (change?.removed ?? 0),
    },
  });
}

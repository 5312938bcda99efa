import type { DeviceList } from "../../crypto/index.ts";
import { lists } from "./log-reading.ts";
import { recordOf, type TrustRecord } from "./trust-record.ts";

/**
 * The record after its list was read on. A list that was known before and has changed loses its
 * verified mark, and the change is kept until the user has seen it; several add up. The first
 * reading is trusted as it is.
 * @param at by our clock; undefined for a first reading, and for one's own account, which is told
 * by notices
 */
export function changedRecord(
  before: TrustRecord,
  list: DeviceList,
  at: number | undefined,
): TrustRecord {
  const added = list.devices.filter((device) => !lists(before.list, device)).length;
  const removed = before.list.devices.filter((device) => !lists(list, device)).length;
  const reset = list.resets > before.list.resets;
  if (at === undefined) return recordOf(list, { verified: false, change: undefined });
  const { change, verified } = before;
  // Another password alone is told only to who compared: it is in the number, for it may add devices.
  if (!verified && !reset && added + removed === 0) return recordOf(list, { verified, change });
  return recordOf(list, {
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

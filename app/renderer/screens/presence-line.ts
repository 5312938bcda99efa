import type { RosterEntry } from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";

/** `Online`, `Last seen 5 minutes ago`, or where things stand with somebody who is no buddy. */
export function presenceLine(
  t: Catalogue,
  format: Format,
  entry: RosterEntry,
  now: number,
): string {
  switch (entry.state) {
    case "requested":
      return t.sidebar.statusRequested;
    case "pending":
      return t.sidebar.statusPending;
    case "blocked":
      return t.sidebar.statusBlocked;
    case "buddies": {
      const { show, lastSeen } = entry.presence;
      if (show !== "offline") return t.presence[show];
      return lastSeen === undefined ? t.lastSeenNever : t.lastSeen(format.ago(lastSeen, now));
    }
  }
}

import { MESSAGES } from "./conversation.ts";
import type { Scenario } from "./scenario.ts";

/** How long a scenario takes at least, by what it waits for. */
export function leastMs({ everyMs = 0, actions = [], clients }: Scenario): number {
  const waits = actions.map((action) =>
    "downMs" in action ? action.downMs : "forMs" in action ? action.forMs : 0,
  );
  return Math.max(everyMs * MESSAGES, ...waits) + (clients === undefined ? 0 : CHROMIUM_MS);
}

/** Two of them on two cores: until both are started and signed in. */
const CHROMIUM_MS = 20_000;

import type { RoutePolicy } from "../../protocol/index.ts";

/** What two people's policies together permit between a device of each. */
export interface RouteRule {
  /** Direct links. */
  readonly direct: boolean;
  /** Direct links between private addresses alone. */
  readonly lanOnly: boolean;
  readonly relay: boolean;
  readonly mailbox: boolean;
  /** Whose policy forbids what is forbidden; absent where nothing is. */
  readonly why?: RouteWhy;
}

export type RouteWhy = "own-policy" | "peer-policy" | "policies-exclude";

/** Nothing is forbidden: what holds between one's own devices, and until somebody says otherwise. */
export const ANY_ROUTE: RouteRule = { direct: true, lanOnly: false, relay: true, mailbox: true };

/** Both policies hold at once: a way is open only where both leave it open (SPEC R1). */
export function routeRule(own: RoutePolicy, theirs: RoutePolicy): RouteRule {
  if (own === "automatic" && theirs === "automatic") return ANY_ROUTE;
  const both = [own, theirs];
  const direct = !both.includes("relay-only");
  const relay = both.every((policy) => policy === "automatic" || policy === "relay-only");
  return {
    direct,
    lanOnly: direct && both.includes("lan-only"),
    relay,
    mailbox: relay,
    why:
      !direct && !relay ? "policies-exclude" : own === "automatic" ? "peer-policy" : "own-policy",
  };
}

/** More of them forbid more; among those that exclude each other the order only has to be one. */
const strictness = { automatic: 0, "relay-only": 1, "direct-only": 2, "lan-only": 3 } as const;

export function strictest(policies: Iterable<RoutePolicy>): RoutePolicy {
  let found: RoutePolicy = "automatic";
  for (const policy of policies) if (strictness[policy] > strictness[found]) found = policy;
  return found;
}

/** A policy since a time. */
export interface DatedPolicy {
  readonly policy: RoutePolicy;
  /** ms since the epoch, by the clock of the device where it was chosen. */
  readonly at: number;
}

/** Does `next` replace `known`? Of two of the same time the stricter one counts, at every device. */
export function replaces(next: DatedPolicy, known: DatedPolicy | undefined): boolean {
  if (known === undefined || next.at !== known.at) return next.at > (known?.at ?? -1);
  return strictness[next.policy] > strictness[known.policy];
}

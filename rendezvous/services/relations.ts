import type { RosterState } from "../../shared/protocol/index.ts";

/** What each of two people has in the roster about the other; undefined: nothing. */
export interface Relation {
  readonly mine: RosterState | undefined;
  readonly theirs: RosterState | undefined;
}

export type RelationStep = "add" | "accept" | "decline" | "remove" | "block" | "unblock";

/**
 * What a step makes of a relation, or undefined where it does not apply. Blocking shows in the
 * blocker's roster only: the other side keeps what it had, or asks and is never answered.
 */
export function step(kind: RelationStep, { mine, theirs }: Relation): Relation | undefined {
  // What the other side keeps when I end it.
  const withoutMe = theirs === "blocked" ? "blocked" : undefined;
  switch (kind) {
    case "add":
      if (mine === "requested" || mine === "buddies") return { mine, theirs };
      if (mine === "pending") return { mine: "buddies", theirs: "buddies" };
      if (theirs === "blocked") return { mine: "requested", theirs };
      // They had asked while they were blocked, or had never noticed.
      if (theirs === "requested") return { mine: "buddies", theirs: "buddies" };
      return { mine: "requested", theirs: "pending" };
    case "accept":
      if (mine === "buddies") return { mine, theirs };
      return mine === "pending" ? { mine: "buddies", theirs: "buddies" } : undefined;
    case "decline":
      return mine === "pending" ? { mine: undefined, theirs: withoutMe } : undefined;
    case "remove":
      if (mine === undefined || mine === "blocked") return undefined;
      return { mine: undefined, theirs: withoutMe };
    case "block":
      // A request of mine is withdrawn: it could still be accepted.
      return { mine: "blocked", theirs: theirs === "pending" ? undefined : theirs };
    case "unblock":
      return mine === "blocked" ? { mine: undefined, theirs: withoutMe } : undefined;
    default:
      return kind satisfies never;
  }
}

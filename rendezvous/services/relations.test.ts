import fc from "fast-check";
import { expect, test } from "vitest";
import { step, type Relation, type RelationStep } from "./relations.ts";

const kinds: readonly RelationStep[] = ["add", "accept", "decline", "remove", "block", "unblock"];

/** What either side may see once both have done what they like. */
function isConsistent({ mine, theirs }: Relation): boolean {
  if (mine === "blocked" || theirs === "blocked") {
    // Nobody keeps a request of somebody who blocked them.
    return mine !== "pending" && theirs !== "pending";
  }
  const expected = {
    requested: "pending",
    pending: "requested",
    buddies: "buddies",
    none: undefined,
  }[mine ?? "none"];
  return theirs === expected;
}

test("whatever two people do, both sides fit together", () => {
  const deeds = fc.array(fc.record({ first: fc.boolean(), kind: fc.constantFrom(...kinds) }));
  fc.assert(
    fc.property(deeds, (deeds) => {
      let relation: Relation = { mine: undefined, theirs: undefined };
      for (const { first, kind } of deeds) {
        const seen = first ? relation : swap(relation);
        const after = step(kind, seen) ?? seen;
        // Only I decide whom I block, and nobody undoes it for me.
        expect(after.theirs === "blocked").toBe(seen.theirs === "blocked");
        relation = first ? after : swap(after);
        expect(isConsistent(relation)).toBe(true);
      }
    }),
  );
});

function swap({ mine, theirs }: Relation): Relation {
  return { mine: theirs, theirs: mine };
}

import type { RosterEntry, Show } from "../../../shared/protocol/index.ts";

/** The name that the owner of the roster sees. */
export function entryName(entry: RosterEntry): string {
  return entry.nickname === "" ? entry.profile.displayName : entry.nickname;
}

export interface BuddyGroup {
  /** Empty for those without a group. */
  readonly name: string;
  readonly entries: readonly RosterEntry[];
  readonly online: number;
}

export interface Buddies {
  readonly requestsIn: readonly RosterEntry[];
  readonly requestsOut: readonly RosterEntry[];
  readonly groups: readonly BuddyGroup[];
  readonly blocked: readonly RosterEntry[];
}

const rank: Readonly<Record<Show, number>> = { online: 0, busy: 1, away: 1, offline: 2 };

/** Sorted for the list: groups by name, the unnamed one last; within it the present ones first. */
export function arrangeBuddies(
  entries: Iterable<RosterEntry>,
  query: string,
  language: string,
): Buddies {
  const collator = new Intl.Collator(language, { numeric: true });
  const matching = [...entries].filter((entry) => matches(entry, query));
  const byName = (a: RosterEntry, b: RosterEntry): number =>
    collator.compare(entryName(a), entryName(b));
  const inState = (state: RosterEntry["state"]): readonly RosterEntry[] =>
    matching.filter((entry) => entry.state === state).toSorted(byName);

  const groups = Map.groupBy(inState("buddies"), (entry) => entry.group);
  return {
    requestsIn: inState("pending"),
    requestsOut: inState("requested"),
    blocked: inState("blocked"),
    groups: [...groups]
      .toSorted(([a], [b]) => Number(a === "") - Number(b === "") || collator.compare(a, b))
      .map(([name, members]) => ({
        name,
        online: members.filter((entry) => entry.presence.show !== "offline").length,
        entries: members.toSorted(
          (a, b) => rank[a.presence.show] - rank[b.presence.show] || byName(a, b),
        ),
      })),
  };
}

/** Every word of the query occurs in the names, group or status text. */
export function matches(entry: RosterEntry, query: string): boolean {
  const { profile, nickname, group, presence } = entry;
  return matchesText(
    [nickname, profile.displayName, profile.userName, group, presence.statusText],
    query,
  );
}

export function matchesText(texts: readonly string[], query: string): boolean {
  const text = texts.join("\n").normalize("NFKC").toLowerCase();
  const words = query.normalize("NFKC").toLowerCase().split(/\s+/);
  return words.every((word) => text.includes(word));
}

import { limits, type MembershipNote, type UserId } from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";

/** People whom a line names; the others are counted. */
const MAX_NAMED = 4;

export interface GroupReader {
  readonly me: UserId | undefined;
  readonly nameOf: (userId: UserId) => string;
}

/** What happened in a group, in a sentence. */
export function membershipText(
  t: Catalogue,
  format: Format,
  note: MembershipNote,
  { me, nameOf }: GroupReader,
): string {
  const { by, change, role } = note;
  const words = t.groups.news;
  const who = by === me ? words.you : nameOf(by);
  const people = (note.people ?? []).slice(0, limits.MAX_GROUP_MEMBERS);
  // Oneself first: that is what one looks for.
  const ordered = [
    ...people.filter((userId) => userId === me),
    ...people.filter((userId) => userId !== me),
  ];
  const named = ordered.length > MAX_NAMED + 1 ? ordered.slice(0, MAX_NAMED) : ordered;
  const names = named.map((userId) => (userId === me ? words.youToo : nameOf(userId)));
  const left = ordered.length - named.length;
  const whom = format.list(left > 0 ? [...names, words.others(left)] : names);
  switch (change) {
    case "found":
      return people.length === 0 ? words.foundAlone(who) : words.found(who, whom);
    case "invite":
      return words.invite(who, whom);
    case "remove":
      return words.remove(who, whom);
    case "role":
      return words.role[role ?? "member"](who, whom);
    case "leave":
    case "settings":
    case "about":
    case "link":
    case "join":
    case "dissolve":
      return words[change](who);
  }
}

import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import type { Mention, UserId } from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { AccountModel } from "./account-model.ts";

/** Somebody who can be mentioned in a conversation. */
export interface Member {
  readonly userId: UserId;
  /** The name that everybody knows: a nickname is one's own business. */
  readonly displayName: string;
  /** Empty where it is not known. */
  readonly userName: string;
  /** What is said beside the name in its place. */
  readonly hint?: string;
}

/** Whom one can mention in a group: all together, and each of the others. */
export function groupMembers(
  t: Catalogue,
  account: AccountModel,
  group: Group | undefined,
): readonly Member[] {
  if (group === undefined) return [];
  const roster = account.roster.peek();
  const me = account.self.peek()?.profile.userId;
  const all = {
    userId: EVERYBODY,
    displayName: t.groups.all,
    userName: "all",
    hint: t.groups.allHint,
  };
  const others = group.members
    .filter(({ userId }) => userId !== me)
    .map(({ name, userId }): Member => {
      const profile = roster.get(userId)?.profile;
      return profile ?? { userId, displayName: name, userName: "" };
    });
  return [all, ...others];
}

/** A name longer than this is not looked for before the caret. */
const MAX_QUERY = 40;

/** What is being typed after an `@`, up to the caret; undefined where nobody is being mentioned. */
export function mentionQuery(
  text: string,
  caret: number,
): { readonly start: number; readonly query: string } | undefined {
  const before = text.slice(Math.max(0, caret - MAX_QUERY - 1), caret);
  const found = /(?:^|[\s(\p{P}])@([\p{L}\p{N}._-]*)$/u.exec(before)?.[1];
  return found === undefined ? undefined : { start: caret - found.length - 1, query: found };
}

/** Where the text names members, by either of their names. */
export function findMentions(text: string, members: readonly Member[]): readonly Mention[] {
  const found: Mention[] = [];
  for (const { displayName, userId, userName } of members) {
    for (const name of new Set([displayName, userName])) {
      if (name === "") continue;
      const token = `@${name}`;
      for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + token.length)) {
        const end = at + token.length;
        const isWhole = !/^[\p{L}\p{N}]/u.test(text.slice(end)) && !/\w$/u.test(text.slice(0, at));
        const isFree = found.every(({ start, length }) => end <= start || at >= start + length);
        if (isWhole && isFree) found.push({ userId, start: at, length: token.length });
      }
    }
  }
  return found.toSorted((a, b) => a.start - b.start);
}

import type { ConversationId, UserId } from "../../protocol/index.ts";
import { memberKey } from "../../crypto/index.ts";
import { idBytes } from "../trust/device-id.ts";
import { linkText } from "./group-calls.ts";
import { userIdOf } from "./group-news.ts";
import type { Group, GroupMember } from "./groups-api.ts";
import { standingOf, type KnownGroup } from "./known-group.ts";

const RANK = { owner: 0, admin: 1, member: 2 };
/** People whom the title of a group without a name tells. */
const NAMES_IN_TITLE = 4;

/** A group as hosts see it. @param server its origin */
export function groupView(
  conversationId: ConversationId,
  group: KnownGroup,
  options: {
    readonly self: UserId;
    readonly server: string;
    readonly nameOf: (userId: UserId) => string;
    readonly userNameOf: (userId: UserId) => string | undefined;
  },
): Group {
  const { nameOf, self, server, userNameOf } = options;
  const { membership, about } = group;
  const { settings, link } = membership;
  const role = membership.members.get(memberKey(idBytes(self)))?.role;
  const members = Array.from(membership.members.values(), (entry): GroupMember => {
    const userId = userIdOf(entry.userId);
    const userName = userNameOf(userId);
    return {
      userId,
      name: nameOf(userId),
      role: entry.role,
      since: entry.since,
      ...(userName === undefined ? {} : { userName }),
    };
  });
  const text = link && linkText(server, conversationId, group);
  return {
    conversationId,
    ...settings,
    ...(about === undefined ? {} : { about }),
    standing: standingOf(membership, idBytes(self)),
    ...(role === undefined ? {} : { role }),
    members: members.toSorted(
      (a, b) => RANK[a.role] - RANK[b.role] || a.name.localeCompare(b.name),
    ),
    ...(link === undefined
      ? {}
      : { link: { expiresAt: link.expiresAt, ...(text === undefined ? {} : { text }) } }),
  };
}

/** What to call a group: its name, or those who are in it while that is not known here. */
export function groupTitle({ about, members }: Group, self: UserId): string {
  if (about !== undefined) return about.name;
  const others = members.filter(({ userId }) => userId !== self);
  const names = others.slice(0, NAMES_IN_TITLE).map(({ name }) => name);
  return others.length > names.length ? `${names.join(", ")}, …` : names.join(", ");
}

import type { NamedGroup } from "./groups.ts";

/** A line of `beeline group list`. */
export function listLine({ conversationId, members, name, role, standing }: NamedGroup): string {
  const people = `${members.length} ${members.length === 1 ? "member" : "members"}`;
  const place = role ?? standing;
  return `${conversationId}  ${place.padEnd(9)} ${people.padEnd(12)} ${name}`;
}

/** Lines of `beeline group show`. */
export function groupLines(group: NamedGroup): readonly string[] {
  const { about, announcements, conversationId, link, members, membersInvite, name } = group;
  const place = group.role ?? group.standing;
  const description = about?.description?.replaceAll(/\s*\n\s*/g, " ") ?? "";
  return [
    name,
    `  id              ${conversationId}`,
    ...(description === "" ? [] : [`  description     ${description}`]),
    `  you             ${place}`,
    `  announcements   ${announcements ? "on" : "off"}`,
    `  members-invite  ${membersInvite ? "on" : "off"}`,
    ...(link === undefined ? [] : [`  link            until ${dateOf(link.expiresAt)}`]),
    ...members.map(({ name: shown, role, userName }) => {
      const user = userName ?? "";
      return `  ${role.padEnd(7)} ${user.padEnd(20)} ${shown === user ? "" : shown}`.trimEnd();
    }),
  ];
}

/** What `--json` tells of a group. */
export function groupJson(group: NamedGroup): string {
  const { about, announcements, conversationId, link, members, membersInvite, name } = group;
  return JSON.stringify({
    id: conversationId,
    name,
    description: about?.description,
    standing: group.standing,
    role: group.role,
    announcements,
    membersInvite,
    link,
    members: members.map((member) => ({
      user: member.userName,
      userId: member.userId,
      displayName: member.name,
      role: member.role,
      since: member.since,
    })),
  });
}

/** ISO 8601, to the second. */
export function dateOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+/, "");
}

/** Who may do what in a group (SPEC G2): what is shown. The engine and the server decide. */
import type { Group, GroupMember, GroupRole } from "../../../shared/chatkit/groups/groups-api.ts";
import { limits } from "../../../shared/protocol/index.ts";

/** Why nothing can be written there; undefined where it can. */
export function closedBy({
  announcements,
  role,
  standing,
}: Group): "announcements" | "left" | "removed" | "dissolved" | undefined {
  if (standing !== "member") return standing;
  return announcements && role === "member" ? "announcements" : undefined;
}

/** Name, settings and link. */
export function mayManage({ role, standing }: Group): boolean {
  return standing === "member" && (role === "owner" || role === "admin");
}

export function mayInvite(group: Group): boolean {
  const { members, membersInvite, standing } = group;
  const hasRoom = members.length < limits.MAX_GROUP_MEMBERS;
  return standing === "member" && hasRoom && (membersInvite || mayManage(group));
}

export function mayRemove({ role, standing }: Group, member: GroupMember): boolean {
  if (standing !== "member" || role === undefined) return false;
  return RANK[role] > RANK[member.role] && role !== "member";
}

/** Names admins, hands over, dissolves. */
export function isOwner({ role, standing }: Group): boolean {
  return standing === "member" && role === "owner";
}

const RANK: Readonly<Record<GroupRole, number>> = { member: 0, admin: 1, owner: 2 };

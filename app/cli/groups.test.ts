import { expect, test } from "vitest";
import type { Conversation } from "../../shared/chatkit/api.ts";
import type { Group } from "../../shared/chatkit/groups/groups-api.ts";
import { conversationIdOf, userIdOf } from "../../shared/chatkit/testing/test-ids.ts";
import { CliError, exitCodes } from "./exit-codes.ts";
import { groupJson, groupLines, listLine } from "./group-text.ts";
import { findGroup, groupNamed, groupsOf, memberNamed, type GroupsKit } from "./groups.ts";

const ada = {
  userId: userIdOf(1),
  name: "Ada L.",
  userName: "ada",
  role: "owner",
  since: 5,
} as const;
const ben = { userId: userIdOf(2), name: "Ben", role: "member", since: 6 } as const;

function group(number: number, standing: Group["standing"] = "member"): Group {
  return {
    conversationId: conversationIdOf(number),
    standing,
    ...(standing === "member" ? { role: "owner" } : {}),
    announcements: false,
    membersInvite: true,
    members: [ada, ben],
  };
}

function kit(...groups: readonly (readonly [string, Group | undefined])[]): GroupsKit {
  return {
    conversations: {
      list: () =>
        groups.map(([title, known], at): Conversation => ({
          conversationId: known?.conversationId ?? conversationIdOf(900 + at),
          title,
          unread: 0,
          settings: {},
        })),
    },
    groups: { get: (id) => groups.find(([, known]) => known?.conversationId === id)?.[1] },
  };
}

function refusal(run: () => unknown): CliError {
  try {
    run();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("a group is found by its name however it is written, or by its id; people are no groups", () => {
  const all = kit(["Ben", undefined], ["Harbour Watch", group(1)], ["Club", group(2)]);
  expect(groupsOf(all).map(({ name }) => name)).toEqual(["Harbour Watch", "Club"]);
  expect(groupNamed(all, " harbour watch").conversationId).toBe(conversationIdOf(1));
  expect(groupNamed(all, conversationIdOf(2)).name).toBe("Club");
  expect(refusal(() => groupNamed(all, "Ben")).exitCode).toBe(exitCodes.refused);
});

test("of groups with one name that counts in which one is; among several one has to choose", () => {
  const one = kit(["Club", group(1, "left")], ["club", group(2)]);
  expect(groupNamed(one, "Club").conversationId).toBe(conversationIdOf(2));
  const two = kit(["Club", group(1)], ["club", group(2)]);
  expect(findGroup(two, "Club")).toHaveLength(2);
  expect(refusal(() => groupNamed(two, "Club")).message).toContain("2 groups of this name");
  expect(groupNamed(kit(["Club", group(1, "removed")]), "Club").standing).toBe("removed");
});

test("members are named by their user names, or by their ids where those are not known", () => {
  const found = groupNamed(kit(["Club", group(1)]), "Club");
  expect(memberNamed(found, "ADA")).toBe(ada);
  expect(memberNamed(found, ben.userId)).toBe(ben);
  expect(refusal(() => memberNamed(found, "Ben")).message).toBe("Ben is not in Club.");
});

test("what is printed of a group", () => {
  const found = { ...groupNamed(kit(["Club", group(1)]), "Club"), link: { expiresAt: 86_400_000 } };
  const id = conversationIdOf(1);
  expect(listLine(found)).toBe(`${id}  owner     2 members    Club`);
  expect(groupLines(found)).toEqual([
    "Club",
    `  id              ${id}`,
    "  you             owner",
    "  announcements   off",
    "  members-invite  on",
    "  link            until 1970-01-02T00:00:00Z",
    "  owner   ada                  Ada L.",
    "  member                       Ben",
  ]);
  expect(JSON.parse(groupJson(found))).toMatchObject({
    id,
    name: "Club",
    link: { expiresAt: 86_400_000 },
    members: [
      { user: "ada", displayName: "Ada L." },
      { userId: ben.userId, role: "member" },
    ],
  });
});

import { expect, test } from "vitest";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import type { MembershipNote, UserId } from "../../../shared/protocol/index.ts";
import { en } from "../i18n/en.ts";
import { createFormat } from "../i18n/format.ts";
import { zhCn } from "../i18n/zh-cn.ts";
import { labId, newsId, hikeId } from "../testing/fake-group-talk.ts";
import { FakeKit } from "../testing/fake-kit.ts";
import { userId } from "../testing/fake-people.ts";
import { AccountModel } from "./account-model.ts";
import { summaryIn } from "./body.ts";
import { closedBy, isOwner, mayInvite, mayManage, mayRemove } from "./group-rights.ts";
import { membershipText } from "./group-words.ts";
import { findMentions, groupMembers } from "./mentions.ts";

const format = createFormat("en-GB", en);

function opened(): { kit: FakeKit; account: AccountModel } {
  const kit = new FakeKit({ groups: true, now: Date.UTC(2026, 4, 4, 12) });
  const account = new AccountModel(kit, { server: "https://chat.example.org" }, () => undefined);
  return { kit, account };
}

function known({ kit }: { readonly kit: FakeKit }, id: Group["conversationId"]): Group {
  const group = kit.groups.get(id);
  if (group === undefined) throw new Error("no such group");
  return group;
}

const names: ReadonlyMap<UserId, string> = new Map([
  [userId(1), "Ben"],
  [userId(2), "Cleo"],
  [userId(3), "Dora"],
]);
const reader = { me: userId(0), nameOf: (id: UserId) => names.get(id) ?? "Somebody" };
const told = (note: Omit<MembershipNote, "type">): string =>
  membershipText(en, format, { type: "membership", ...note }, reader);

test("G10: what happened is told in a sentence, oneself as you", () => {
  expect(told({ change: "found", by: userId(0), people: [1, 2].map(userId) })).toBe(
    "You started the group with Ben and Cleo",
  );
  expect(told({ change: "invite", by: userId(1), people: [2, 0].map(userId) })).toBe(
    "Ben invited you and Cleo",
  );
  expect(told({ change: "remove", by: userId(1), people: [userId(0)] })).toBe("Ben removed you");
  expect(told({ change: "leave", by: userId(2) })).toBe("Cleo left the group");
  const role = { change: "role", by: userId(0), people: [userId(1)] } as const;
  expect(told({ ...role, people: [userId(1)], role: "admin" })).toBe("You made Ben an admin");
  expect(told({ ...role, people: [userId(1)], role: "owner" })).toBe(
    "You handed the group over to Ben",
  );
});

test("of many people some are named, and the others counted", () => {
  const people = Array.from({ length: 40 }, (_, index) => userId(index + 1));
  expect(told({ change: "invite", by: userId(0), people })).toBe(
    "You invited Ben, Cleo, Dora, Somebody and 36 others",
  );
  const note = { type: "membership", change: "invite", by: userId(1), people } as const;
  const chinese = createFormat("zh-CN", zhCn);
  expect(membershipText(zhCn, chinese, { ...note, people: people.slice(0, 2) }, reader)).toBe(
    "Ben邀请Ben和Cleo加入了群组",
  );
});

test("G2: what one may do follows from one's role and the settings", () => {
  const parts = opened();
  const lab = known(parts, labId);
  const news = known(parts, newsId);
  const [, admin, member] = lab.members;
  if (admin === undefined || member === undefined) throw new Error("nobody there");
  expect([isOwner(lab), mayManage(lab), mayInvite(lab), closedBy(lab)]).toEqual([
    true,
    true,
    true,
    undefined,
  ]);
  expect([mayRemove(lab, admin), mayRemove(lab, member)]).toEqual([true, true]);
  const asAdmin: Group = { ...lab, role: "admin", membersInvite: false };
  expect([isOwner(asAdmin), mayManage(asAdmin), mayInvite(asAdmin)]).toEqual([false, true, true]);
  expect([mayRemove(asAdmin, admin), mayRemove(asAdmin, member)]).toEqual([false, true]);
  expect([mayManage(news), mayInvite(news), closedBy(news)]).toEqual([
    false,
    false,
    "announcements",
  ]);
  expect(mayRemove({ ...lab, role: "member" }, member)).toBe(false);
  expect(closedBy(known(parts, hikeId))).toBe("left");
  expect(mayInvite({ ...lab, standing: "removed" })).toBe(false);
});

test("the list tells who wrote, and what happened", async () => {
  const { account, kit } = opened();
  await Promise.resolve();
  const summary = (id: Group["conversationId"]): string => {
    const found = account.conversations.value.find((one) => one.conversationId === id);
    return found === undefined ? "" : summaryIn(en, format, account, found);
  };
  expect(summary(labId)).toBe("You: Antenna is fixed: −71 dBm again.");
  expect(summary(newsId)).toMatch(/^Linus Ekström: Water will be off/);
  expect(summary(hikeId)).toBe("You left the group");
  await kit.groups.leave(newsId);
  await Promise.resolve();
  expect(summary(newsId)).toBe("You left the group");
  expect(account.groups.value.get(newsId)?.standing).toBe("left");
  await account.close();
});

test("several type at once, each until they stop", async () => {
  const { account, kit } = opened();
  const type = (number: number, active: boolean): void =>
    kit.emit("typing", { conversationId: labId, userId: userId(number), active });
  type(1, true);
  type(2, true);
  type(1, true);
  expect(account.typing.value.get(labId)).toEqual([userId(2), userId(1)]);
  type(2, false);
  type(1, false);
  expect(account.typing.value.size).toBe(0);
  await account.close();
});

test("V6: all and each member can be mentioned, buddies or not, and oneself not", async () => {
  const parts = opened();
  await Promise.resolve();
  const members = groupMembers(en, parts.account, known(parts, labId));
  expect(members).toHaveLength(known(parts, labId).members.length);
  expect(members.map(({ userId: id }) => id)).not.toContain(userId(0));
  expect(findMentions("@all, @Teodora Lind and @grace", members)).toEqual([
    { userId: EVERYBODY, start: 0, length: 4 },
    { userId: userId(31), start: 6, length: 13 },
    { userId: userId(1), start: 24, length: 6 },
  ]);
  await parts.account.close();
});

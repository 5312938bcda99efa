import * as v from "valibot";
import { expect, test } from "vitest";
import type { Message } from "../../shared/chatkit/api.ts";
import type { Group } from "../../shared/chatkit/groups/groups-api.ts";
import { conversationIdOf, userIdOf } from "../../shared/chatkit/testing/test-ids.ts";
import { MessageId } from "../../shared/protocol/index.ts";
import { EventLines } from "./event-lines.ts";

const id = conversationIdOf(1);
const messageId = v.parse(MessageId, "A".repeat(22));
const club: Group = {
  conversationId: id,
  standing: "member",
  role: "member",
  announcements: false,
  membersInvite: false,
  members: [{ userId: userIdOf(2), name: "Ben", userName: "ben", role: "owner", since: 1 }],
};

/** Lines of somebody in one group, with no buddies. */
function lines(group: () => Group | undefined) {
  const told: unknown[] = [];
  const conversation = { conversationId: id, title: "Club", unread: 0, settings: {} };
  const kit = {
    self: undefined,
    conversations: { get: () => conversation },
    groups: { get: group },
    roster: { get: () => undefined },
  };
  return { told, events: new EventLines(kit, (line) => told.push(JSON.parse(line))) };
}

function message(body: Message["body"]): Message {
  return {
    id: messageId,
    conversationId: id,
    from: userIdOf(2),
    own: false,
    order: "",
    sentAt: 7,
    receivedAt: 8,
    body,
    delivery: { state: "received", path: "stored" },
    reactions: [],
  };
}

test("a group is told once, and again when what is told of it changes", () => {
  let group = club;
  const { events, told } = lines(() => group);
  events.group(id);
  events.group(id);
  group = { ...club, members: [...club.members] };
  events.group(id);
  group = { ...club, role: "admin" };
  events.group(id);
  const fields = { event: "group", conversationId: id, group: "Club", members: 1 };
  expect(told).toMatchObject([
    { ...fields, role: "member" },
    { ...fields, role: "admin" },
  ]);
});

test("messages of a group name it, and their sender who is no buddy", () => {
  const { events, told } = lines(() => club);
  events.received(message({ type: "text", text: "hi" }));
  const from = { user: "ben", userId: userIdOf(2) };
  const common = { id: messageId, conversationId: id, group: "Club", ...from };
  expect(told).toEqual([
    {
      event: "message",
      ...common,
      type: "text",
      text: "hi",
      sentAt: 7,
      receivedAt: 8,
      path: "stored",
    },
  ]);
});

test("what members do is told by itself, with everybody whom it is about", () => {
  const { events, told } = lines(() => club);
  const people = [userIdOf(2), userIdOf(3)];
  events.received(message({ type: "membership", change: "invite", by: userIdOf(2), people }));
  expect(told).toEqual([
    {
      event: "membership",
      id: messageId,
      conversationId: id,
      group: "Club",
      user: "ben",
      userId: userIdOf(2),
      change: "invite",
      people: [{ user: "ben", userId: userIdOf(2) }, { userId: userIdOf(3) }],
      sentAt: 7,
    },
  ]);
});

test("a conversation of two has no group", () => {
  const { events, told } = lines(() => undefined);
  events.received(message({ type: "text", text: "hi" }));
  expect(told[0]).not.toHaveProperty("group");
});

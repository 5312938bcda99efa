import { expect, test } from "vitest";
import * as v from "valibot";
import { KeptBody, MessageId, type ConversationId } from "../../protocol/index.ts";
import type { Message } from "../api.ts";
import { MAX_FORWARDS } from "../limits.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { directConversationId } from "./conversation-id.ts";
import { forward } from "./forwarding.ts";

const ada = userIdOf(1);
const id = v.parse(MessageId, userIdOf(50));
const to = (n: number): ConversationId => directConversationId(ada, userIdOf(n));

function bench(body: unknown) {
  const message: Message = {
    id,
    conversationId: to(2),
    from: ada,
    own: false,
    order: "1",
    sentAt: 1,
    receivedAt: 1,
    body: v.parse(KeptBody, body),
    delivery: { state: "received", path: "direct" },
    reactions: [],
  };
  const sent: unknown[] = [];
  const ways = {
    message: async (asked: MessageId) => (asked === id ? message : undefined),
    text: async (where: ConversationId, text: string) => {
      sent.push([where, text]);
      return message;
    },
    file: async (where: ConversationId, of: MessageId) => {
      sent.push([where, of]);
      return message;
    },
  };
  return { sent, ways };
}

const text = {
  type: "text",
  text: "@Ada, look",
  replyTo: userIdOf(9),
  mentions: [{ userId: ada, start: 0, length: 4 }],
};

test("V5: a text goes to each conversation once, and nothing but the text", async () => {
  const { sent, ways } = bench(text);
  expect(await forward(ways, id, [to(3), to(4), to(3)])).toHaveLength(2);
  expect(sent).toEqual([
    [to(3), "@Ada, look"],
    [to(4), "@Ada, look"],
  ]);
});

test("V5: a file is sent from where it is", async () => {
  const { sent, ways } = bench({
    type: "file",
    fileId: userIdOf(7),
    name: "plan.pdf",
    mediaType: "application/pdf",
    size: 3,
    key: `${"A".repeat(43)}=`,
    header: "A".repeat(32),
  });
  await forward(ways, id, [to(3)]);
  expect(sent).toEqual([[to(3), id]]);
});

test("V5: not to nobody, not to too many, and not what cannot be shown", async () => {
  const { sent, ways } = bench(text);
  const refused = { reason: "not-permitted" };
  await expect(forward(ways, id, [])).rejects.toMatchObject(refused);
  const many = Array.from({ length: MAX_FORWARDS + 1 }, (_, n) => to(n + 2));
  await expect(forward(ways, id, many)).rejects.toMatchObject(refused);
  const strange = v.parse(MessageId, userIdOf(51));
  await expect(forward(ways, strange, [to(3)])).rejects.toMatchObject({
    reason: "no-such-message",
  });
  for (const body of [{ type: "recalled" }, { type: "poll" }]) {
    await expect(forward(bench(body).ways, id, [to(3)])).rejects.toMatchObject(refused);
  }
  expect(sent).toEqual([]);
});

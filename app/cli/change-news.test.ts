import * as v from "valibot";
import { expect, test } from "vitest";
import type { Message } from "../../shared/chatkit/api.ts";
import { directConversationId } from "../../shared/chatkit/conversations/conversation-id.ts";
import { userIdOf } from "../../shared/chatkit/testing/test-ids.ts";
import { MessageId } from "../../shared/protocol/index.ts";
import { ChangeNews } from "./change-news.ts";

const message: Message = {
  id: v.parse(MessageId, userIdOf(1)),
  conversationId: directConversationId(userIdOf(2), userIdOf(3)),
  from: userIdOf(2),
  own: false,
  order: "1",
  sentAt: 1,
  receivedAt: 1,
  body: { type: "text", text: "hello" },
  delivery: { state: "received", path: "direct" },
  reactions: [],
};
const reacted: Message = { ...message, reactions: [{ userId: userIdOf(3), emoji: "🎉" }] };

test("what people do to a message is told once, and when it is undone", () => {
  const news = new ChangeNews();
  news.tell(message);
  expect(news.isNews({ ...message, delivery: { state: "received", path: "stored" } })).toBe(false);
  expect(news.isNews(reacted)).toBe(true);
  expect(news.isNews({ ...reacted })).toBe(false);
  expect(news.isNews(message)).toBe(true);
  expect(news.isNews({ ...message, pinnedAt: 5 })).toBe(true);
});

test("of a message that was never told, only what was done to it is news", () => {
  expect(new ChangeNews().isNews(message)).toBe(false);
  expect(new ChangeNews().isNews({ ...message, editedAt: 2 })).toBe(true);
  expect(new ChangeNews().isNews({ ...message, body: { type: "recalled" } })).toBe(true);
});

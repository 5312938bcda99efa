import * as v from "valibot";
import { expect, test } from "vitest";
import type { Message } from "../../shared/chatkit/api.ts";
import { userIdOf } from "../../shared/chatkit/testing/test-ids.ts";
import { MessageId } from "../../shared/protocol/index.ts";
import { DeliveryNews, MAX_REMEMBERED } from "./delivery-news.ts";

const sent = { state: "sent", path: "direct", reason: "link-open" } as const;
const delivered = { ...sent, state: "delivered", at: 1 } as const;
const message = (n: number, delivery: Message["delivery"]) => ({
  id: v.parse(MessageId, userIdOf(n % 256, Math.floor(n / 256))),
  delivery,
});

test("a state is told once, whatever else changes about the message", () => {
  const news = new DeliveryNews();
  expect(news.isNews(message(1, sent))).toBe(true);
  expect(news.isNews(message(1, { ...sent }))).toBe(false);
  expect(news.isNews(message(2, sent))).toBe(true);
  expect(news.isNews(message(1, delivered))).toBe(true);
  expect(news.isNews(message(1, delivered))).toBe(false);
});

test("so many messages are remembered, those told last", () => {
  const news = new DeliveryNews();
  for (let n = 0; n <= MAX_REMEMBERED; n += 1) news.isNews(message(n, sent));
  expect(news.isNews(message(1, sent))).toBe(false);
  expect(news.isNews(message(0, sent))).toBe(true);
});

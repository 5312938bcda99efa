import * as v from "valibot";
import type { ConversationRecord, MessageRecord } from "../../shared/chatkit/store.ts";
import { encodeOrder } from "../../shared/chatkit/delivery/order.ts";
import {
  ConversationId,
  DeviceId,
  encodeId,
  MessageId,
  UserId,
} from "../../shared/protocol/index.ts";

const WORDS = (
  "the harbour opens at noon and honey is in the kitchen we meet tomorrow near station bring your " +
  "notes about budget plan release window garden bees weather sunny rainy train ticket invoice " +
  "signed contract review draft figure table coffee later today morning evening"
).split(" ");
const CHINESE = "我们明天下午三点在会议室开会请带上文件谢谢收到好的没问题周末一起吃饭吧";

const MINUTE = 60_000;

/** A history as years of talk leave it: the same each time. */
export interface Seed {
  readonly conversations: readonly ConversationRecord[];
  readonly messages: (from: number, to: number) => readonly MessageRecord[];
}

/**
 * @param count of messages; every twentieth is in the first conversation, each fifth is Chinese
 * @param now ms since the epoch, of the newest
 */
export function seed(count: number, conversations: number, self: UserId, now: number): Seed {
  const idOf = (kind: number, n: number): string => {
    const bytes = new Uint8Array(16).fill(kind);
    new DataView(bytes.buffer).setUint32(8, n);
    return encodeId(bytes);
  };
  const conversationOf = (n: number) =>
    n % 20 === 0 ? 0 : ((n - Math.ceil(n / 20)) * 7) % conversations;
  const message = (n: number): MessageRecord => {
    const chat = conversationOf(n);
    const own = n % 3 === 0;
    const deviceId = v.parse(DeviceId, idOf(3, own ? 0 : chat + 1));
    const sentAt = now - (count - n) * MINUTE;
    return {
      id: v.parse(MessageId, idOf(1, n)),
      conversationId: v.parse(ConversationId, idOf(2, chat)),
      from: { userId: own ? self : v.parse(UserId, idOf(4, chat)), deviceId },
      own,
      order: encodeOrder({ ms: sentAt, counter: 0 }, deviceId),
      sentAt,
      receivedAt: sentAt,
      body: { type: "text", text: textOf(n) },
      delivery: own
        ? { state: "read", path: "direct", reason: "link-open", at: sentAt }
        : { state: "received", path: "direct" },
    };
  };
  const newest = new Map<number, number>();
  for (let n = 0; n < count; n++) newest.set(conversationOf(n), n);
  return {
    conversations: [...newest].map(([chat, n]) => {
      const { id, order, body, own, sentAt, conversationId } = message(n);
      return {
        conversationId,
        peer: v.parse(UserId, idOf(4, chat)),
        unread: 0,
        last: { id, order, body, own, sentAt },
        readUpTo: order,
      };
    }),
    messages: (from, to) =>
      Array.from({ length: Math.min(to, count) - from }, (_, at) => message(from + at)),
  };
}

function textOf(n: number): string {
  if (n % 5 === 0) {
    const start = n % (CHINESE.length - 12);
    return `${CHINESE.slice(start, start + 6 + (n % 7))}${n}`;
  }
  const length = 4 + (n % 14);
  const words = Array.from({ length }, (_, at) => WORDS[(n * 31 + at * at * 17) % WORDS.length]);
  return `${words.join(" ")} ${n}`;
}

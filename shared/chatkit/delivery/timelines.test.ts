import { expect, test } from "vitest";
import * as v from "valibot";
import { MessageId } from "../../protocol/index.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import type { OutboxRecipient } from "../store.ts";
import { encodeOrder } from "./order.ts";
import { Timelines } from "./timelines.ts";

const conversationId = directConversationId(userIdOf(1), userIdOf(2));
const peers = (...devices: number[]) =>
  devices.map((n) => ({ userId: userIdOf(2), deviceId: deviceIdOf(n) }));
const afters = (recipients: readonly OutboxRecipient[]) => recipients.map(({ after }) => after);

test("D3: a message names the one before it for each device, not the one that others got", () => {
  const timelines = new Timelines();
  expect(afters(timelines.next(conversationId, peers(1), 0).recipients)).toEqual([0]);
  expect(afters(timelines.next(conversationId, peers(1, 2), 0).recipients)).toEqual([1, 0]);
  const third = timelines.next(conversationId, peers(2, 1), 0);
  expect(third.sequence).toBe(3);
  expect(afters(third.recipients)).toEqual([2, 2]);
});

test("D3: what goes to some devices alone is forgotten by none of the others", () => {
  const timelines = new Timelines();
  timelines.next(conversationId, peers(1, 2), 0);
  timelines.next(conversationId, peers(1), 0, peers(1, 2));
  expect(afters(timelines.next(conversationId, peers(1, 2), 0).recipients)).toEqual([2, 1]);
});

test("D3: numbers go on after a restart, and time does not fall behind what was received", async () => {
  const store = new MemoryStore();
  const before = new Timelines();
  before.next(conversationId, peers(1), 1_000);
  const write = before.write(conversationId);
  const order = encodeOrder({ ms: 5_000, counter: 2 }, deviceIdOf(1));
  await store.commit([
    write,
    {
      type: "put-conversation",
      conversation: {
        conversationId,
        peer: userIdOf(2),
        unread: 1,
        last: {
          id: v.parse(MessageId, userIdOf(9)),
          order,
          own: false,
          sentAt: 5_000,
          body: { type: "text", text: "from a clock that is ahead" },
        },
      },
    },
  ]);
  const after = new Timelines();
  await after.load(store);
  const next = after.next(conversationId, peers(1), 1_500);
  expect(next.sequence).toBe(2);
  expect(afters(next.recipients)).toEqual([1]);
  expect(next.at).toEqual({ ms: 5_000, counter: 3 });
});

test("D3: what a device will never get is nobody's predecessor there", async () => {
  const timelines = new Timelines();
  const device = deviceIdOf(1);
  const next = () => timelines.next(conversationId, peers(1, 2), 0);
  const failed = (sequence: number) =>
    timelines.failed(conversationId, device, { sequence, after: sequence - 1 });
  for (let n = 0; n < 4; n++) next();
  expect(failed(2)).toBeUndefined();
  expect(timelines.predecessor(conversationId, device, 2)).toBe(1);
  expect(failed(3)).toBeUndefined();
  const write = failed(4);
  expect(afters(next().recipients)).toEqual([1, 4]);

  const store = new MemoryStore();
  if (write === undefined) throw new Error("there is nothing to save");
  const conversation = { conversationId, peer: userIdOf(2), unread: 0 };
  await store.commit([write, { type: "put-conversation", conversation }]);
  const restarted = new Timelines();
  await restarted.load(store);
  expect(afters(restarted.next(conversationId, peers(1, 2), 0).recipients)).toEqual([1, 4]);
});

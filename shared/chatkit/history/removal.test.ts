import * as v from "valibot";
import { expect, test } from "vitest";
import { MessageId } from "../../protocol/index.ts";
import { ConversationBook } from "../conversations/conversation-book.ts";
import { encodeOrder } from "../delivery/order.ts";
import { RETENTION_SWEEP_MS } from "../limits.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Removal } from "./removal.ts";

const HOUR = 60 * 60 * 1000;

async function place() {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const book = new ConversationBook(() => userIdOf(1));
  const removed: MessageId[] = [];
  const hidden: MessageId[] = [];
  const files: MessageId[] = [];
  const ignore = () => undefined;
  const removal = new Removal({
    store,
    book,
    clock,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    commit: (writes) => store.commit(writes),
    exclusive: (work) => work(),
    hide: (id) => hidden.push(id),
    deleteFile: async (id) => {
      files.push(id);
      if (files.length === 1) throw new Error("the disk is gone");
    },
    onRemoved: (_, ids) => removed.push(...ids),
    onConversationChanged: ignore,
  });
  const peer = userIdOf(2);
  const conversationId = book.idWith(peer);
  const now = clock.now();
  const message = (n: number, change: Partial<MessageRecord> = {}): MessageRecord => ({
    id: v.parse(MessageId, `m${String(n).padStart(20, "0")}A`),
    conversationId,
    from: { userId: peer, deviceId: deviceIdOf(2) },
    own: false,
    order: encodeOrder({ ms: now - (100 - n) * HOUR, counter: 0 }, deviceIdOf(2)),
    sentAt: now - (100 - n) * HOUR,
    receivedAt: now,
    body: { type: "text", text: `text ${n}` },
    delivery: { state: "received", path: "direct" },
    ...change,
  });
  const put = (...messages: readonly MessageRecord[]): Promise<void> =>
    store.commit(
      messages.flatMap((one) => [
        { type: "put-message", message: one } as const,
        book.added(peer, one),
      ]),
    );
  const left = async (): Promise<readonly MessageId[]> =>
    (await store.messages(conversationId, { limit: 1000 })).map(({ id }) => id);
  const shown = async () => (await store.conversations())[0];
  await put(...Array.from({ length: 100 }, (_, n) => message(n)));
  return {
    clock,
    removal,
    book,
    conversationId,
    message,
    put,
    left,
    shown,
    removed,
    hidden,
    files,
  };
}

test("HI5: single messages go here, and the conversation shows what is left", async () => {
  const { removal, message, left, shown, removed, hidden } = await place();
  const ids = [message(99).id, message(50).id, message(99).id, message(7_000).id];
  await removal.deleteHere(ids);
  expect(await left()).toHaveLength(98);
  expect(await shown()).toMatchObject({ unread: 98, last: { id: message(98).id } });
  expect(removed.toSorted()).toEqual([message(50).id, message(99).id]);
  expect(hidden).toHaveLength(2);
});

test("HI6: all of a conversation goes, and what comes then stays", async () => {
  const { removal, book, conversationId, message, put, left, shown } = await place();
  await put(...Array.from({ length: 700 }, (_, n) => message(1_000 + n)));
  await removal.clear(conversationId);
  expect(await left()).toEqual([]);
  const record = await shown();
  expect(record).toMatchObject({ unread: 0, readUpTo: message(1_699).order });
  expect(record).not.toHaveProperty("last");
  await put(message(2_000));
  expect(await left()).toEqual([message(2_000).id]);
  expect(book.get(conversationId)?.record).toMatchObject({ unread: 1 });
});

test("HI7: what is older than a conversation keeps it goes at the start, and every hour", async () => {
  const { clock, removal, book, conversationId, message, left } = await place();
  book.configure(conversationId, { keepMs: 10.5 * HOUR });
  removal.start();
  await flushMicrotasks();
  expect(await left()).toEqual(Array.from({ length: 10 }, (_, n) => message(90 + n).id));
  await clock.advance(3 * RETENTION_SWEEP_MS);
  expect(await left()).toEqual(Array.from({ length: 7 }, (_, n) => message(93 + n).id));
  removal.close();
  expect(clock.pendingTimers).toBe(0);
});

test("HI5: files go with their messages, and one that cannot keeps none of them", async () => {
  const { removal, message, put, left, files } = await place();
  const body = { type: "file", name: "plan.pdf" } as const;
  // A body of a newer version counts as a file, too.
  await put(message(200, { body }), message(201, { body }));
  await removal.deleteHere([message(200).id, message(201).id]);
  expect(files).toEqual([message(200).id, message(201).id]);
  expect(await left()).toHaveLength(100);
});

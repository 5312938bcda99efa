import * as v from "valibot";
import { expect, test } from "vitest";
import { ConversationId, MessageId } from "../../protocol/index.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Search, type FoundPage } from "./search.ts";
import { WatchedStore } from "./watched-store.ts";

const idOf = (kind: string, n: number): string => `${kind}${String(n).padStart(20, "0")}A`;
const conversation = (n: number) => v.parse(ConversationId, idOf("c", n));

function message(n: number, text: string, change: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id: v.parse(MessageId, idOf("m", n)),
    conversationId: conversation(n % 3),
    from: { userId: userIdOf(n % 2), deviceId: deviceIdOf(n % 2) },
    own: n % 2 === 0,
    order: String(n).padStart(16, "0"),
    sentAt: n,
    receivedAt: n,
    body: { type: "text", text },
    delivery: { state: "received", path: "direct" },
    ...change,
  };
}

/** Lets time pass until it is done. */
async function run<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await clock.advance(10);
  return await done;
}

function place() {
  const clock = new FakeClock();
  const store = new WatchedStore(new MemoryStore());
  const search = new Search({ store, clock });
  store.onCommitted((writes) => search.committed(writes));
  const put = (...messages: readonly MessageRecord[]): Promise<void> =>
    store.commit(messages.map((one) => ({ type: "put-message", message: one })));
  /** Follows the pages to the end. */
  const all = async (query: string, filter = {}, limit = 30): Promise<readonly number[]> => {
    const numbers: number[] = [];
    let before: FoundPage["next"];
    do {
      const page = search.find(query, filter, { before, limit });
      const { found, next } = await run(clock, page);
      expect(found.length).toBeLessThanOrEqual(limit);
      for (const { sentAt } of found) numbers.push(sentAt);
      before = next;
    } while (before !== undefined);
    return numbers;
  };
  return { clock, store, search, put, all };
}

test("HI1: newest first, in pages, all of them once", async () => {
  const { put, all } = place();
  const many = Array.from({ length: 3_000 }, (_, n) => message(n, n % 7 === 0 ? "honey" : "wax"));
  await put(...many);
  const expected = many.filter((_, n) => n % 7 === 0).map(({ sentAt }) => sentAt);
  expect(await all("hon")).toEqual(expected.toReversed());
  expect(await all("honey", {}, 1)).toEqual(expected.toReversed());
  expect(await all("nothing")).toEqual([]);
});

test("HI1: what comes, is edited, taken back and deleted is followed, also while it is read", async () => {
  const { clock, store, search, put, all } = place();
  const many = Array.from({ length: 1_000 }, (_, n) => message(n, "wax"));
  await put(...many);
  const prepared = search.prepare();
  await put(message(3, "honey"), message(900, "honey"), message(2_000, "honey"));
  await run(clock, prepared);
  expect(await all("honey")).toEqual([2_000, 900, 3]);
  await put(message(900, "wax"), message(3, "", { body: { type: "recalled" } }));
  expect(await all("honey")).toEqual([2_000]);
  await put(message(5, "honey", { order: "00000000000000045" }));
  expect(await all("honey")).toEqual([2_000, 5]);
  await store.commit([2_000, 5].map((n) => ({ type: "delete-message", id: message(n, "").id })));
  expect(await all("honey")).toEqual([]);
  await put(message(2_001, "honey"));
  expect(await all("honey")).toEqual([2_001]);
});

test("HI1: by conversation, writer, time, and only files", async () => {
  const { put, all } = place();
  const file = {
    type: "file",
    name: "Honey plan.pdf",
    caption: "for spring",
    mediaType: "application/pdf",
    size: 3,
    key: `${"A".repeat(43)}=`,
    header: "A".repeat(32),
    fileId: idOf("f", 1),
  };
  await put(...Array.from({ length: 9 }, (_, n) => message(n, "honey")));
  await put(message(20, "", { body: file }));
  expect(await all("honey", { conversationId: conversation(1) })).toEqual([7, 4, 1]);
  expect(await all("honey", { from: userIdOf(1), since: 3, until: 7 })).toEqual([5, 3]);
  expect(await all("plan spring", { hasFile: true })).toEqual([20]);
  expect(await all("", { hasFile: true })).toEqual([20]);
  expect(await all("")).toEqual([]);
});

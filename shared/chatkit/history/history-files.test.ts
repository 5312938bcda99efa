import * as v from "valibot";
import { expect, test } from "vitest";
import { ConversationId, MessageId } from "../../protocol/index.ts";
import { ConversationBook } from "../conversations/conversation-book.ts";
import { encodeOrder, orderTime } from "../delivery/order.ts";
import type { MessageRecord } from "../store.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { openBackup, sealBackup } from "./backup.ts";
import type { HistoryEntry, HistoryRecords } from "./history-records.ts";
import { historyText, readHistory } from "./history-text.ts";
import { Merging } from "./merging.ts";

const ada = userIdOf(1);
const ben = userIdOf(2);
const START = 1_767_225_600_000;

function device(self = ada) {
  const store = new MemoryStore();
  const book = new ConversationBook(() => self);
  const merged: string[] = [];
  const merging = new Merging({
    store,
    book,
    self: () => ({ userId: self, name: "Ada" }),
    titleOf: () => "Ben",
    now: () => START,
    live: (message) => message,
    commit: (writes) => store.commit(writes),
    exclusive: (work) => work(),
    onMerged: (conversationId) => merged.push(conversationId),
  });
  const message = (n: number, change: Partial<MessageRecord> = {}): MessageRecord => ({
    id: v.parse(MessageId, `m${String(n).padStart(20, "0")}A`),
    conversationId: book.idWith(ben),
    from:
      n % 2 === 0
        ? { userId: ada, deviceId: deviceIdOf(1) }
        : { userId: ben, deviceId: deviceIdOf(2) },
    own: n % 2 === 0,
    order: encodeOrder({ ms: START + n, counter: 0 }, deviceIdOf(1 + (n % 2))),
    sentAt: START + n,
    receivedAt: START + n,
    body: { type: "text", text: `text ${n} 你好 "quoted"\n</script>` },
    delivery:
      n % 2 === 0
        ? { state: "delivered", path: "direct", reason: "link-open", at: START }
        : { state: "received", path: "direct" },
    ...change,
  });
  const fill = (...messages: readonly MessageRecord[]): Promise<void> =>
    store.commit(
      messages.flatMap((one) => [
        { type: "put-message", message: one } as const,
        book.added(ben, one),
      ]),
    );
  const all = (): Promise<readonly MessageRecord[]> =>
    store.messages(book.idWith(ben), { limit: 1000 });
  return { store, book, merging, merged, message, fill, all };
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: number[] = [];
  for await (const piece of pieces) for (const byte of piece) all.push(byte);
  return Uint8Array.from(all);
}

/** In pieces that end within lines and characters. */
async function* pieces(bytes: Uint8Array, length = 777): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const read = (bytes: Uint8Array): Promise<HistoryRecords> => readHistory(pieces(bytes));
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function drained({ entries }: HistoryRecords): Promise<void> {
  for await (const _ of entries);
}

async function exported(count: number) {
  const here = device();
  await here.fill(...Array.from({ length: count }, (_, n) => here.message(n)));
  here.book.configure(here.book.idWith(ben), { pinned: true, keepMs: 5 });
  return { here, bytes: await bytesOf(historyText(here.merging.records(undefined))) };
}

test("HI8: a history comes into an empty device as it was, and twice does nothing", async () => {
  const { here, bytes } = await exported(600);
  expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
    format: "beeline-history",
    version: 1,
    account: ada,
  });
  const there = device();
  expect(await there.merging.merge(await read(bytes))).toEqual({ added: 600, known: 0 });
  expect(await there.all()).toEqual(await here.all());
  const conversation = there.book.get(there.book.idWith(ben))?.record;
  expect(conversation).toMatchObject({ unread: 0, settings: { pinned: true, keepMs: 5 } });
  expect(conversation?.last?.id).toBe(here.message(599).id);
  expect(await there.merging.merge(await read(bytes))).toEqual({ added: 0, known: 600 });
  expect(there.merged).toHaveLength(2);
});

test("HI8: what is here stays as it is, and what was on its way can be sent again", async () => {
  const here = device();
  await here.fill(
    here.message(2),
    here.message(4, { delivery: { state: "queued", waiting: "sending" } }),
  );
  const bytes = await bytesOf(historyText(here.merging.records([here.book.idWith(ben)])));
  const there = device();
  const changed = there.message(2, { body: { type: "recalled" } });
  await there.fill(changed);
  expect(await there.merging.merge(await read(bytes))).toEqual({ added: 1, known: 1 });
  const [first, second] = await there.all();
  expect(first).toEqual(changed);
  expect(second?.delivery).toEqual({ state: "failed", reason: "expired" });
});

test("HI8: groups go with a history, as version 2, whoever wrote there", async () => {
  const here = device();
  const group = v.parse(ConversationId, `g${"0".repeat(20)}A`);
  const ofGroup = [1, 2, 3].map((n) =>
    here.message(n, {
      conversationId: group,
      from: { userId: userIdOf(10 + n), deviceId: deviceIdOf(10 + n) },
      own: false,
      delivery: { state: "received", path: "stored" },
    }),
  );
  await here.fill(here.message(5));
  for (const message of ofGroup) {
    await here.store.commit([
      { type: "put-message", message },
      here.book.added(undefined, message),
    ]);
  }
  const bytes = await bytesOf(historyText(here.merging.records(undefined)));
  expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ version: 2 });
  const there = device();
  expect(await there.merging.merge(await read(bytes))).toEqual({ added: 4, known: 0 });
  expect(await there.store.messages(group, { limit: 9 })).toEqual(ofGroup);
  expect(there.book.get(group)?.record).toMatchObject({ title: "Ben", unread: 0 });
  expect(there.book.get(group)?.record).not.toHaveProperty("peer");
  // Without the group an older version reads it.
  const withoutGroup = here.merging.records([here.book.idWith(ben)]);
  expect(withoutGroup.header.version).toBe(1);
  await drained(withoutGroup);
});

test("HI8: no history makes a group of the conversation with somebody", async () => {
  const here = device();
  const records = here.merging.records([]);
  const conversationId = here.book.idWith(ben);
  async function* entries(): AsyncGenerator<HistoryEntry> {
    yield { type: "conversation", conversationId, title: "Ben" };
    yield { type: "end", conversations: 1, messages: 0 };
  }
  const there = device();
  await there.merging.merge({ header: records.header, entries: entries() });
  expect(there.book.ensure(ben)).toMatchObject({ conversationId, peer: ben });
  // Once it is known to be theirs it stays so.
  await expect(
    there.merging.merge({ header: records.header, entries: entries() }),
  ).rejects.toMatchObject({ reason: "damaged" });
});

test("HI8: no file carries a conversation to where times end", async () => {
  const here = device();
  const order = (n: number): string => encodeOrder({ ms: 2 ** 48 - 1, counter: n }, deviceIdOf(2));
  const place = { at: START, order: order(9) };
  await here.fill(
    here.message(1, { order: encodeOrder({ ms: START - 1, counter: 0 }, deviceIdOf(2)) }),
    here.message(3, { order: order(1), edited: place, pin: { ...place, pinned: true } }),
    here.message(5, { order: order(2), reactions: [{ ...place, userId: ben, emoji: "👍" }] }),
  );
  const bytes = await bytesOf(historyText(here.merging.records(undefined)));
  const there = device();
  expect(await there.merging.merge(await read(bytes))).toEqual({ added: 3, known: 0 });
  const all = await there.all();
  expect(all.map(({ id }) => id)).toEqual((await here.all()).map(({ id }) => id));
  for (const message of all) expect(orderTime(message.order).ms).toBeLessThan(START + 10);
  expect(all.map(({ pin }) => pin)).toEqual([undefined, undefined, undefined]);
  expect(all[1]?.edited?.order).toBe(all[1]?.order);
  expect(all[2]?.reactions).toEqual([]);
  const last = there.book.get(there.book.idWith(ben))?.record.last;
  expect(last?.order).toBe(all[2]?.order);
});

test("HI8: another account's history, and what no history can hold, is refused", async () => {
  const { bytes } = await exported(4);
  const other = device(userIdOf(9));
  await expect(other.merging.merge(await read(bytes))).rejects.toMatchObject({
    reason: "other-account",
  });
  const text = new TextDecoder().decode(bytes);
  const there = device();
  const stranger = text.replace(`"from":{"userId":"${ben}"`, `"from":{"userId":"${userIdOf(7)}"`);
  expect(stranger).not.toBe(text);
  await expect(there.merging.merge(await read(textBytes(stranger)))).rejects.toMatchObject({
    reason: "damaged",
  });
  const elsewhere = text.replace(`"peer":"${ben}"`, `"peer":"${userIdOf(7)}"`);
  await expect(there.merging.merge(await read(textBytes(elsewhere)))).rejects.toMatchObject({
    reason: "damaged",
  });
  expect(await there.all()).toEqual([]);
});

test.each([
  ["", "not-a-history"],
  ["[]", "not-a-history"],
  ["\u0000\u0001", "not-a-history"],
  ['{"format":"beeline-history","version":3,"records":[\n', "newer-version"],
  ['{"format":"other","version":1,"records":[\n', "not-a-history"],
])("HI8: %j is told as %s", async (text, reason) => {
  await expect(read(textBytes(text))).rejects.toMatchObject({ reason });
});

test("HI8: cut off or changed anywhere, a history is told to be damaged", async () => {
  const { bytes } = await exported(20);
  const text = new TextDecoder().decode(bytes);
  const start = text.indexOf("\n");
  for (const end of [start + 2, text.length / 2, text.lastIndexOf('{"type":"end"')]) {
    const records = await read(textBytes(text.slice(0, Math.floor(end))));
    await expect(drained(records)).rejects.toMatchObject({ reason: "damaged" });
  }
  const long = `${text.slice(0, start + 1)}{"type":"message","x":"${"y".repeat(600_000)}`;
  await expect(drained(await read(textBytes(long)))).rejects.toMatchObject({ reason: "damaged" });
  const odd = text.replace('"sentAt":', '"sentAt":-');
  await expect(drained(await read(textBytes(odd)))).rejects.toMatchObject({ reason: "damaged" });
});

test("HI9: a backup opens with its passphrase alone, and whole or not at all", async () => {
  const { here } = await exported(300);
  let next = 0;
  const random = (bytes: number) => Uint8Array.from({ length: bytes }, () => next++ % 256);
  const sealed = await bytesOf(
    sealBackup(here.merging.records(undefined), "ten characters", random),
  );
  expect(new TextDecoder().decode(sealed)).not.toContain("text 1");
  const opened = await openBackup(() => pieces(sealed), "ten characters");
  const there = device();
  expect((await there.merging.merge(await opened.records())).added).toBe(300);
  expect(await there.all()).toEqual(await here.all());

  const fails = (bytes: Uint8Array, passphrase = "ten characters") =>
    expect(openBackup(() => pieces(bytes), passphrase)).rejects;
  await fails(sealed, "ten characterz").toMatchObject({ reason: "wrong-passphrase" });
  await fails(sealed.subarray(0, -1)).toMatchObject({ reason: "damaged" });
  await fails(sealed.subarray(0, 60_000)).toMatchObject({ reason: "damaged" });
  await fails(sealed.subarray(0, 20)).toMatchObject({ reason: "not-a-history" });
  const changed = sealed.slice();
  changed[5_000] = (changed[5_000] ?? 0) ^ 1;
  await fails(changed).toMatchObject({ reason: "damaged" });
}, 60_000);

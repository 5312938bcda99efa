import { expect, test } from "vitest";
import * as v from "valibot";
import { ConversationId, MessageId } from "../../protocol/index.ts";
import type { OutboxRecord, StoreWrite } from "../store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Journal } from "./journal.ts";

class Recorder extends MemoryStore {
  readonly batches: (readonly StoreWrite[])[] = [];

  override commit(writes: readonly StoreWrite[]): Promise<void> {
    this.batches.push(writes);
    return super.commit(writes);
  }
}

function item(n: number, acknowledged: number): OutboxRecord {
  return {
    id: v.parse(MessageId, userIdOf(n)),
    conversationId: v.parse(ConversationId, userIdOf(99)),
    sequence: n,
    content: "{}",
    queuedAt: 0,
    recipients: [1, 2, 3].map((owner) => ({
      userId: userIdOf(owner),
      deviceId: deviceIdOf(owner),
      after: 0,
      state: owner <= acknowledged ? "acknowledged" : "waiting",
    })),
  };
}

const put = (n: number, acknowledged: number): StoreWrite => ({
  type: "put-outbox",
  item: item(n, acknowledged),
});
const gone = (n: number): StoreWrite => ({ type: "delete-outbox", id: item(n, 0).id });

function journalOf(store: Recorder): Journal {
  return new Journal(store, new FakeClock(), (error) => {
    throw error;
  });
}

test("what many devices acknowledge at once is written once, as it is then", async () => {
  const store = new Recorder();
  const journal = journalOf(store);
  journal.later([put(1, 0), put(2, 0)]);
  for (const acknowledged of [1, 2, 3]) journal.later([put(1, acknowledged)]);
  await journal.commit([put(3, 0)]);
  expect(store.batches).toEqual([[put(1, 3), put(2, 0), put(3, 0)]]);
  expect(await store.outbox()).toEqual([item(1, 3), item(2, 0), item(3, 0)]);
});

test("what was deleted stays so, and what is put anew after that is the last", async () => {
  const store = new Recorder();
  const journal = journalOf(store);
  await journal.commit([put(1, 0), put(2, 0), put(1, 1), gone(1), gone(2), put(2, 2), put(3, 0)]);
  await journal.commit([put(3, 1), gone(3), put(1, 3)]);
  expect(await store.outbox()).toEqual([item(2, 2), item(1, 3)]);
});

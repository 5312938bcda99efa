import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  encodeId,
  GROUP_SEALED,
  ID_BYTES,
  MessageId,
} from "../../protocol/index.ts";
import { LAZY_RETRY_MS } from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { FakeGroups, FakeSealing } from "../testing/fake-sealing.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import type { StoreWrite } from "../store.ts";
import { Journal } from "./journal.ts";
import type { OutboxItem } from "./outbox.ts";
import { Securing } from "./securing.ts";

/** A disk whose commits end when the test says, and as it says. */
class HeldStore extends MemoryStore {
  readonly waiting: PromiseWithResolvers<void>[] = [];
  readonly written: StoreWrite[][] = [];
  isHeld = false;

  override async commit(writes: readonly StoreWrite[]): Promise<void> {
    if (this.isHeld) {
      const held = Promise.withResolvers<void>();
      this.waiting.push(held);
      await held.promise;
    }
    await super.commit(writes);
    this.written.push([...writes]);
  }
}

function conversation(n: number): ConversationId {
  return v.parse(ConversationId, userIdOf(n));
}

class Bench {
  readonly clock = new FakeClock();
  readonly store = new HeldStore();
  readonly journal = new Journal(this.store, this.clock, () => {});
  readonly sealing = new FakeSealing(new FakeGroups(), deviceIdOf(1), this.store);
  readonly notReady: number[] = [];
  readonly problems: unknown[] = [];
  readonly ended = new Set<OutboxItem>();
  readonly securing: Securing;
  #n = 0;

  constructor() {
    this.journal.join(this.sealing);
    this.securing = new Securing({
      sealing: this.sealing,
      journal: this.journal,
      clock: this.clock,
      isLive: (item) => !this.ended.has(item),
      onNotReady: (item) => this.notReady.push(item.position),
      onProblem: (problem) => this.problems.push(problem),
    });
  }

  item(conversationId = conversation(1)): OutboxItem {
    const position = ++this.#n;
    const id = new Uint8Array(ID_BYTES).fill(position);
    return {
      position,
      plaintext: new Uint8Array([position]),
      sealed: undefined,
      message: undefined,
      record: {
        id: v.parse(MessageId, encodeId(id)),
        conversationId,
        peer: userIdOf(2),
        sequence: position,
        content: "",
        queuedAt: 0,
        recipients: [{ ...peer, after: 0, state: "waiting" }],
      },
    };
  }

  queue(item: OutboxItem): Promise<void> {
    const write: StoreWrite = { type: "put-value", key: `item/${item.position}`, value: "saved" };
    return this.securing.queue(item, () => [write]);
  }

  saved(): Promise<ReadonlyMap<string, string>> {
    return this.store.values("item/");
  }
}

const peer = { userId: userIdOf(2), deviceId: deviceIdOf(2) };

test("S4: messages of one tick are sealed in order and share a commit with what that changed", async () => {
  const bench = new Bench();
  const items = [bench.item(), bench.item(), bench.item()];
  await Promise.all(items.map((item) => bench.queue(item)));
  expect(bench.store.written).toHaveLength(1);
  const keys = bench.store.written[0]?.map((write) => ("key" in write ? write.key : ""));
  expect(keys).toEqual(["item/1", "item/2", "item/3", expect.stringContaining("fake-group/")]);
  // The fake's bytes begin with the generation.
  expect(items.map(({ sealed }) => sealed?.slice(0, 5))).toEqual(
    [0, 1, 2].map((generation) => Uint8Array.of(GROUP_SEALED, 0, 0, 0, generation)),
  );
});

test("S4: nothing is sealed, for those who look, before it is on disk", async () => {
  const bench = new Bench();
  bench.store.isHeld = true;
  const item = bench.item();
  const secured = bench.securing.secure(item);
  await flushMicrotasks();
  expect(bench.sealing.seals).toBe(1);
  expect(item.sealed).toBeUndefined();
  bench.store.waiting.shift()?.reject(new Error("the disk is full"));
  await flushMicrotasks();
  expect(item.sealed).toBeUndefined();
  expect(bench.problems).toHaveLength(1);
  await bench.clock.advance(LAZY_RETRY_MS);
  bench.store.waiting.shift()?.resolve();
  await secured;
  expect(item.sealed).toBeDefined();
  expect(bench.clock.pendingTimers).toBe(0);
});

test("S4: what was sealed while a commit was under way that failed is void, and sealed anew", async () => {
  const bench = new Bench();
  bench.store.isHeld = true;
  const [first, second] = [bench.item(), bench.item(conversation(2))];
  const failed = bench.queue(first);
  failed.catch(() => undefined);
  await flushMicrotasks();
  const queued = bench.queue(second);
  await flushMicrotasks();
  expect(bench.sealing.seals).toBe(2);
  bench.store.waiting.shift()?.reject(new Error("the disk is full"));
  await expect(failed).rejects.toThrow("the disk is full");
  await flushMicrotasks();
  bench.store.isHeld = false;
  bench.store.waiting.shift()?.resolve();
  await queued;
  expect([...(await bench.saved()).keys()]).toEqual(["item/2"]);
  expect(second.sealed).toBeUndefined();
  await bench.securing.secure(second);
  expect(second.sealed?.slice(0, 5)).toEqual(Uint8Array.of(GROUP_SEALED, 0, 0, 0, 0));
});

test("S5: a new message that came while the group turned out not to be ready is saved at once", async () => {
  const bench = new Bench();
  bench.sealing.makeNotReady();
  bench.store.isHeld = true;
  const [first, second, third] = [bench.item(), bench.item(), bench.item()];
  const queued = [bench.queue(first)];
  await flushMicrotasks();
  // The commit of the first is under way.
  queued.push(bench.queue(second));
  bench.store.isHeld = false;
  bench.store.waiting.shift()?.resolve();
  await flushMicrotasks();
  queued.push(bench.queue(third));
  await Promise.all(queued);
  expect((await bench.saved()).size).toBe(3);
  const secured = [first, second, third].map((item) => bench.securing.secure(item));
  expect(bench.notReady).toEqual([1, 2, 3]);
  bench.sealing.makeReady();
  await Promise.all(secured);
  expect([first, second, third].every(({ sealed }) => sealed !== undefined)).toBe(true);
});

test("S5: an item that ended while it waited is not sealed any more", async () => {
  const bench = new Bench();
  bench.sealing.makeNotReady();
  const item = bench.item();
  const secured = bench.securing.secure(item);
  await flushMicrotasks();
  bench.ended.add(item);
  bench.sealing.makeReady();
  await secured;
  expect(item.sealed).toBeUndefined();
  expect(bench.sealing.seals).toBe(0);
});

test("S5: closing saves what is new, and waits for no group", async () => {
  const bench = new Bench();
  bench.sealing.makeNotReady();
  void bench.securing.secure(bench.item());
  await flushMicrotasks();
  const queued = bench.queue(bench.item(conversation(2)));
  await bench.securing.close();
  await queued;
  expect((await bench.saved()).size).toBe(1);
  expect(bench.clock.pendingTimers).toBe(0);
});

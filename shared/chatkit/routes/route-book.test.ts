import { expect, test } from "vitest";
import type { UserId } from "../../protocol/index.ts";
import { MAX_ROUTES, MAX_ROUTES_TOLD } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryStores, type MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { StoreError, type StoreWrite } from "../store.ts";
import { RouteBook } from "./route-book.ts";

const ben = userIdOf(2);
const hidden = userIdOf(7);
const laptop = { userId: ben, deviceId: deviceIdOf(2) };
const phone = { userId: ben, deviceId: deviceIdOf(3) };

interface Bench {
  readonly book: RouteBook;
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly changes: string[];
  readonly permitted: { all: boolean };
  readonly reopened: () => Promise<RouteBook>;
}

async function bench(): Promise<Bench> {
  const clock = new FakeClock();
  const stores = new MemoryStores();
  const store = await stores.open("account");
  const changes: string[] = [];
  const permitted = { all: true };
  const make = (): RouteBook =>
    new RouteBook({
      clock,
      self: () => userIdOf(1),
      isBuddy: () => permitted.all,
      hidesAddresses: (userId) => userId === hidden,
      permits: (_, deviceId) => permitted.all || deviceId === phone.deviceId,
      commit: (writes) => store.commit(writes),
      save: (writes: readonly StoreWrite[]) => void store.commit(writes),
      onChanged: (userId: UserId, own) => changes.push(`${userId} ${own ? "own" : "theirs"}`),
    });
  const reopened = async (): Promise<RouteBook> => {
    const book = make();
    await book.load(store);
    return book;
  };
  return { book: make(), clock, store, changes, permitted, reopened };
}

test("R1: both policies make the rule, and both are there after a restart", async () => {
  const { book, changes, reopened } = await bench();
  expect(book.of(ben)).toEqual({ userId: ben, own: "automatic", theirs: "automatic" });
  await book.choose(ben, "direct-only");
  book.learn(laptop, { policy: "lan-only", at: 5 });
  expect(changes).toEqual([`${ben} own`, `${ben} theirs`]);
  for (const one of [book, await reopened()]) {
    expect(one.of(ben)).toEqual({ userId: ben, own: "direct-only", theirs: "lan-only" });
    expect(one.rule(laptop)).toMatchObject({ direct: true, lanOnly: true, relay: false });
    // The other device has said nothing yet, and counts as this one.
    expect(one.rule(phone)).toMatchObject({ direct: true, lanOnly: true, why: "own-policy" });
    expect(one.rule({ ...laptop, userId: userIdOf(1) })).toMatchObject({ relay: true });
  }
});

test("R7: older words change nothing, and a choice is later than what it replaces", async () => {
  const { book, changes, clock } = await bench();
  const now = clock.now();
  expect(book.learnOwn(ben, { policy: "relay-only", at: now + 1_000_000 })).toBe(true);
  await book.choose(ben, "direct-only");
  expect(book.own(ben)).toEqual({ policy: "direct-only", at: now + 1_000_001, here: true });
  expect(book.learnOwn(ben, { policy: "automatic", at: now })).toBe(false);
  expect(book.learnOwn(ben, { policy: "lan-only", at: now + 1_000_001 })).toBe(true);
  expect(book.own(ben)?.here).toBe(false);
  expect(book.learn(laptop, { policy: "relay-only", at: 10 })).toBe(true);
  expect(book.learn(laptop, { policy: "automatic", at: 9 })).toBe(false);
  expect(book.of(ben)).toEqual({ userId: ben, own: "lan-only", theirs: "relay-only" });
  expect(changes).toHaveLength(4);
  // Later, and the same: nobody needs to look.
  expect(book.learn(laptop, { policy: "relay-only", at: 11 })).toBe(true);
  expect(changes).toHaveLength(4);
});

test("two choices made at once both count, in their order", async () => {
  const { book } = await bench();
  await Promise.all([book.choose(ben, "lan-only"), book.choose(ben, "automatic")]);
  expect(book.of(ben).own).toBe("automatic");
  expect(book.own(ben)?.here).toBe(true);
});

test("a choice that could not be saved does not hold, and the next one can be", async () => {
  const { book, store, changes } = await bench();
  store.failures = 1;
  await expect(book.choose(ben, "lan-only")).rejects.toThrow(StoreError);
  expect(book.of(ben).own).toBe("automatic");
  await book.choose(ben, "relay-only");
  expect(book.of(ben).own).toBe("relay-only");
  expect(changes).toEqual([`${ben} own`]);
});

test("R7: each device counts as it told; one that told nothing as the strictest of the others", async () => {
  const { book, permitted } = await bench();
  const tablet = { userId: ben, deviceId: deviceIdOf(4) };
  book.learn(laptop, { policy: "lan-only", at: 1 });
  book.learn(phone, { policy: "automatic", at: 2 });
  expect(book.rule(phone).why).toBeUndefined();
  expect(book.rule(tablet).lanOnly).toBe(true);
  expect(book.of(ben).theirs).toBe("lan-only");
  // A device that left the account does not count.
  permitted.all = false;
  expect(book.rule(tablet).why).toBeUndefined();
});

test("R8: who has not heard of the policy takes it from the server's mark, until something is chosen", async () => {
  const { book } = await bench();
  expect(book.of(hidden).own).toBe("relay-only");
  await book.choose(hidden, "relay-only");
  expect(book.own(hidden)).toBeUndefined();
  await book.choose(hidden, "automatic");
  expect(book.of(hidden).own).toBe("automatic");
  expect(book.own(hidden)?.here).toBe(true);
});

test("R7: a policy outlives the roster's entry, yet the device's is not shown", async () => {
  const { book, permitted } = await bench();
  await book.choose(ben, "lan-only");
  book.learn(laptop, { policy: "direct-only", at: 1 });
  permitted.all = false;
  expect(book.of(ben)).toEqual({ userId: ben, own: "lan-only", theirs: "automatic" });
  expect(book.rule(laptop)).toMatchObject({ lanOnly: true, relay: false });
});

test("of too many, those of strangers go first, the oldest before the others", async () => {
  const { book, store, permitted } = await bench();
  permitted.all = false;
  book.learn(phone, { policy: "lan-only", at: 1 });
  book.learn(laptop, { policy: "lan-only", at: 1 });
  for (let n = 0; n < MAX_ROUTES_TOLD - 1; n += 1) {
    const deviceId = deviceIdOf(4 + (n >> 8), n & 255);
    book.learn({ userId: userIdOf(9), deviceId }, { policy: "direct-only", at: 1 });
  }
  expect((await store.values("route-told/")).size).toBe(MAX_ROUTES_TOLD);
  const kept = await store.values("route-told/");
  expect(kept.has(`route-told/${laptop.deviceId}`)).toBe(false);
  expect(book.rule(phone).why).toBe("peer-policy");
  for (let n = 0; n <= MAX_ROUTES; n += 1) {
    book.learnOwn(userIdOf(4 + (n >> 8), n & 255), { policy: "lan-only", at: 1 });
  }
  expect((await store.values("route/")).size).toBe(MAX_ROUTES);
  expect(book.of(userIdOf(4, 0)).own).toBe("automatic");
  expect(book.of(userIdOf(4, 1)).own).toBe("lan-only");
});

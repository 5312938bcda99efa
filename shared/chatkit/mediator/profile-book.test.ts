import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { Hooks, type HookFailure } from "./hooks.ts";
import {
  MAX_CACHED_PROFILES,
  PROFILE_BATCH,
  PROFILE_TIMEOUT_MS,
  ProfileBook,
  type UserProfile,
} from "./profile-book.ts";

let clock: FakeClock;
let failures: HookFailure[];
let book: ProfileBook;
let calls: (readonly string[])[];

const profileOf = (clientId: string): UserProfile => ({
  userId: `user ${clientId}`,
  name: clientId.toUpperCase(),
  clientId,
});

beforeEach(() => {
  clock = new FakeClock();
  failures = [];
  calls = [];
  const log = new MemoryLog();
  book = new ProfileBook(new Hooks({ clock, log, onFailure: (failure) => failures.push(failure) }));
  book.setFetch((ids) => {
    calls.push(ids);
    return ids.filter((id) => id !== "nobody").map(profileOf);
  });
});

const names = async (...ids: readonly string[]): Promise<readonly string[]> =>
  (await book.get(ids)).map(({ name }) => name);

test("nobody is asked about before a profile is needed, and then once for all of a moment", async () => {
  expect(book.cached("ada")).toBeUndefined();
  const both = await Promise.all([names("ada", "ben"), names("ben", "cleo", "nobody")]);
  expect(both).toEqual([
    ["ADA", "BEN"],
    ["BEN", "CLEO"],
  ]);
  expect(calls).toEqual([["ada", "ben", "cleo", "nobody"]]);
  expect(await names("cleo", "ada")).toEqual(["CLEO", "ADA"]);
  expect(calls).toHaveLength(1);
  expect(book.cached("ada")).toEqual(profileOf("ada"));
});

test("who was removed is asked about again", async () => {
  await names("ada", "ben");
  book.remove("ada");
  expect([book.cached("ada"), book.cached("ben")?.name]).toEqual([undefined, "BEN"]);
  await names("ada", "ben");
  book.removeAll();
  await names("ada", "ben");
  expect(calls).toEqual([["ada", "ben"], ["ada"], ["ada", "ben"]]);
});

test("many are asked about in several calls", async () => {
  const ids = Array.from({ length: PROFILE_BATCH + 1 }, (_, n) => `user${n}`);
  expect(await names(...ids)).toHaveLength(ids.length);
  expect(calls.map((batch) => batch.length)).toEqual([PROFILE_BATCH, 1]);
});

test("a hook that throws, is late or answers nonsense is reported, and the next call asks again", async () => {
  book.setFetch(() => {
    throw new Error("no user system");
  });
  expect(await names("ada")).toEqual([]);
  book.setFetch(() => Promise.reject(new Error("down")));
  expect(await names("ada")).toEqual([]);
  book.setFetch(() => [{ ...profileOf("ada"), userId: "" }]);
  expect(await names("ada")).toEqual([]);
  book.setFetch(() => new Promise(() => {}));
  const waiting = names("ada");
  await clock.advance(PROFILE_TIMEOUT_MS);
  expect(await waiting).toEqual([]);
  expect(failures.map(({ hook }) => hook)).toEqual(
    Array.from({ length: 4 }, () => "fetchProfiles"),
  );
  book.setFetch((ids) => ids.map(profileOf));
  expect(await names("ada")).toEqual(["ADA"]);
  expect(clock.pendingTimers).toBe(0);
});

test("an answer to a question of before is not taken in, nor people nobody asked about", async () => {
  const late = Promise.withResolvers<readonly UserProfile[]>();
  book.setFetch(() => late.promise);
  const asked = names("ada");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  book.removeAll();
  late.resolve([profileOf("ada"), profileOf("mallory")]);
  expect(await asked).toEqual(["ADA"]);
  expect([book.cached("ada"), book.cached("mallory")]).toEqual([undefined, undefined]);
});

test("only so many are remembered: those used last", async () => {
  await names("ada", "ben");
  for (let from = 0; from < MAX_CACHED_PROFILES - 1; from += 1000) {
    book.cached("ada");
    const count = Math.min(1000, MAX_CACHED_PROFILES - 1 - from);
    await book.get(Array.from({ length: count }, (_, n) => `user${from + n}`));
  }
  expect([book.cached("ada")?.name, book.cached("ben")]).toEqual(["ADA", undefined]);
});

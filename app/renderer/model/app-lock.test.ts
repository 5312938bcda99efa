import { expect, test } from "vitest";
import { AppLock, MIN_PASSPHRASE } from "./app-lock.ts";
import { watchIdle } from "./idle-watch.ts";

/** A machine whose settings outlive the program. */
function machine() {
  const stored = new Map<string, unknown>();
  let now = 1_000_000;
  const open = (): Promise<AppLock> =>
    AppLock.load({
      platform: {
        readSetting: async (key) => stored.get(key),
        // As JSON: that is how it is kept.
        writeSetting: async (key, value) =>
          void stored.set(key, value === undefined ? undefined : JSON.parse(JSON.stringify(value))),
      },
      now: () => now,
      randomBytes: (length) => new Uint8Array(length).fill(stored.size + 1),
      hash: async (passphrase, salt) =>
        new TextEncoder().encode(`${passphrase}${salt[0] ?? 0}`.padEnd(32, "-")),
    });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { stored, open, pass, now: () => now };
}

test("without a passphrase nothing locks", async () => {
  const lock = await machine().open();
  lock.engage();
  expect([lock.enabled.value, lock.locked.value]).toEqual([false, false]);
});

test("with one it starts locked, opens for it alone, and the passphrase itself is not kept", async () => {
  const { open, stored } = machine();
  const first = await open();
  await first.set("honey");
  expect([first.enabled.value, first.locked.value]).toEqual([true, false]);
  expect(JSON.stringify([...stored])).not.toContain("honey");

  const lock = await open();
  expect(lock.locked.value).toBe(true);
  expect(await lock.unlock("money")).toBe("wrong");
  expect(lock.locked.value).toBe(true);
  expect(await lock.unlock("honey")).toBe("right");
  expect(lock.locked.value).toBe(false);
  lock.engage();
  expect(lock.locked.value).toBe(true);
});

test("guessing takes longer each time, also after a restart and with a clock set back", async () => {
  const { open, pass } = machine();
  await (await open()).set("honey");
  let lock = await open();
  for (let slip = 0; slip < 3; slip += 1) expect(await lock.unlock("x")).toBe("wrong");
  expect(lock.pauseLeft()).toBe(5_000);
  expect(await lock.unlock("honey")).toBe("paused");

  lock = await open();
  expect(lock.pauseLeft()).toBe(5_000);
  pass(-60_000);
  expect(lock.pauseLeft()).toBe(5_000);
  pass(65_000);
  expect(await lock.unlock("x")).toBe("wrong");
  expect(lock.pauseLeft()).toBe(10_000);
  for (let guess = 0; guess < 20; guess += 1) {
    pass(lock.pauseLeft());
    expect(await lock.unlock("x")).toBe("wrong");
  }
  expect(lock.pauseLeft()).toBe(15 * 60_000);
  pass(15 * 60_000);
  expect(await lock.unlock("honey")).toBe("right");
  expect(lock.pauseLeft()).toBe(0);
});

test("an attempt counts before its answer is known; two at once are one", async () => {
  const { open, stored } = machine();
  await (await open()).set("honey");
  const lock = await open();
  const first = lock.unlock("x");
  expect(await lock.unlock("honey")).toBe("paused");
  expect(stored.get("appLock")).toMatchObject({ failures: 1 });
  expect(await first).toBe("wrong");
});

test("changed and taken away with the passphrase only", async () => {
  const { open } = machine();
  const lock = await open();
  await lock.set("honey");
  await lock.setMinutes(15);
  expect(await lock.remove("x")).toBe("wrong");
  expect(lock.enabled.value).toBe(true);
  await lock.set("nectar");
  const again = await open();
  expect(again.minutes.value).toBe(15);
  expect(await again.unlock("honey")).toBe("wrong");
  expect(await again.remove("nectar")).toBe("right");
  expect((await open()).enabled.value).toBe(false);
});

test("a damaged setting is no lock that nobody could open", async () => {
  const { open, stored } = machine();
  stored.set("appLock", { salt: "AA", hash: "BB" });
  expect((await open()).locked.value).toBe(false);
});

test("it locks after the chosen time without a sign of anybody, asleep or not", async () => {
  const { open, pass, now } = machine();
  const lock = await open();
  await lock.set("honey");
  await lock.setMinutes(5);
  let look = (): void => undefined;
  const target = new EventTarget();
  const end = watchIdle(lock, {
    target,
    now,
    every: (_ms, task) => {
      look = task;
      return () => undefined;
    },
  });
  pass(4 * 60_000);
  target.dispatchEvent(new Event("keydown"));
  pass(4 * 60_000);
  look();
  expect(lock.locked.value).toBe(false);
  pass(60_000);
  look();
  expect(lock.locked.value).toBe(true);

  target.dispatchEvent(new Event("keydown"));
  expect(await lock.unlock("honey")).toBe("right");
  target.dispatchEvent(new Event("pointermove"));
  expect(lock.locked.value).toBe(false);
  // The machine slept; what wakes it up is no sign that somebody was there.
  pass(3_600_000);
  target.dispatchEvent(new Event("pointermove"));
  expect(lock.locked.value).toBe(true);
  end();
});

test("the real hash tells passphrases apart", async () => {
  const stored = new Map<string, unknown>();
  const lock = await AppLock.load({
    platform: {
      readSetting: async (key) => stored.get(key),
      writeSetting: async (key, value) => void stored.set(key, value),
    },
    now: () => 0,
    randomBytes: (length) => new Uint8Array(length).fill(7),
  });
  await lock.set("p".repeat(MIN_PASSPHRASE));
  expect(await lock.verify("q".repeat(MIN_PASSPHRASE))).toBe("wrong");
  expect(await lock.verify("p".repeat(MIN_PASSPHRASE))).toBe("right");
});

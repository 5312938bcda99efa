import "fake-indexeddb/auto";
import Dexie from "dexie";
import { expect, it } from "vitest";
import { createBridgeKeyProtector, createWebKeyProtector } from "./key-protectors.ts";

const secret = new Uint8Array(32).fill(9);

it("a browser's key opens what it protected, also from another window, and nothing else", async () => {
  const protector = createWebKeyProtector();
  const other = createWebKeyProtector();
  const sealed = (await protector?.protect(secret)) ?? new Uint8Array();
  expect(Buffer.from(sealed).includes(Buffer.from(secret))).toBe(false);
  expect(await other?.unprotect(sealed)).toEqual(secret);
  expect(await protector?.protect(secret)).not.toEqual(sealed);
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  await expect(protector?.unprotect(sealed)).rejects.toThrow(Error);
});

it("windows that ask for the first time at once come to one key", async () => {
  await Dexie.delete("beeline-key-protector");
  const [one, two] = [createWebKeyProtector(), createWebKeyProtector()];
  const [a, b] = await Promise.all([one?.protect(secret), two?.protect(secret)]);
  expect(await one?.unprotect(b ?? new Uint8Array())).toEqual(secret);
  expect(await two?.unprotect(a ?? new Uint8Array())).toEqual(secret);
});

it("the desktop app's goes over the bridge, and says so where nothing is protected", async () => {
  const protector = createBridgeKeyProtector({
    protectKey: async (key) => btoa(`guarded ${key}`),
    unprotectKey: async (sealed) => atob(sealed).slice("guarded ".length),
  });
  expect(await protector.unprotect(await protector.protect(secret))).toEqual(secret);
  const without = createBridgeKeyProtector({
    protectKey: async () => undefined,
    unprotectKey: async () => "",
  });
  await expect(without.protect(secret)).rejects.toThrow("no place for keys");
});

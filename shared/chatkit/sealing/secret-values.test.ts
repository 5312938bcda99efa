import { expect, test } from "vitest";
import type { KeyProtector } from "../ports.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { rejection } from "../testing/rejection.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { SecretValues } from "./secret-values.ts";

const secret = new TextEncoder().encode("a secret of this device");

function flip(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0x55);
}

const protector: KeyProtector = {
  protect: (plain) => Promise.resolve(flip(plain)),
  unprotect: (sealed) => Promise.resolve(flip(sealed)),
};

test("M12: a secret opens under its own name only, and only as it was sealed", async () => {
  const store = new MemoryStore();
  const values = await SecretValues.open({ store, random: seededRandom() });
  const sealed = values.seal("a", secret);
  expect(values.open("a", sealed)).toEqual(secret);
  expect(values.open("b", sealed)).toBeUndefined();
  expect(values.open("a", sealed.slice(4))).toBeUndefined();
  expect(values.open("a", "no base64!")).toBeUndefined();

  const again = await SecretValues.open({ store, random: seededRandom(2) });
  expect(again.open("a", sealed)).toEqual(secret);
});

test("M12: the data key is protected as soon as the host can do that, and then needs it", async () => {
  const store = new MemoryStore();
  const random = seededRandom();
  const sealed = (await SecretValues.open({ store, random })).seal("a", secret);
  expect(await store.value("secrets/data-key")).toMatch(/^plain:/);

  await SecretValues.open({ store, random, keyProtector: protector });
  expect(await store.value("secrets/data-key")).toMatch(/^protected:/);

  const values = await SecretValues.open({ store, random, keyProtector: protector });
  expect(values.open("a", sealed)).toEqual(secret);
  expect(await rejection(SecretValues.open({ store, random }))).toMatchObject({
    reason: "forbidden",
  });
  const refusing = { ...protector, unprotect: () => Promise.reject(new Error("locked")) };
  const refused = SecretValues.open({ store, random, keyProtector: refusing });
  expect(await rejection(refused)).toMatchObject({ reason: "forbidden" });
});

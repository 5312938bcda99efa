import { expect, test } from "vitest";
import { lockWithPassphrase, recoveryKey, unlockWithPassphrase } from "./passphrase.ts";

const salt = Uint8Array.from({ length: 16 }, (_, n) => n);

test("HI9: the passphrase opens it, however it was typed, and no other does", async () => {
  const { header, key } = await lockWithPassphrase("correct horse café", salt);
  expect(await unlockWithPassphrase(" correct horse cafe\u0301 ", header)).toEqual(key);
  expect(await unlockWithPassphrase("correct horse cafe", header)).toBe("wrong-passphrase");
}, 30_000);

test("HI9: what is no lock, or asks for too much, is told without computing anything", async () => {
  expect(await unlockWithPassphrase("x", new Uint8Array(52))).toBe("not-locked");
  expect(await unlockWithPassphrase("x", new Uint8Array(3))).toBe("not-locked");
  const { header } = await lockWithPassphrase("x", salt);
  for (const [offset, value] of [
    [8, 0xffff_ffff],
    [8, 0],
    [8, 257 * 1024],
    [12, 17],
    [12, 1_000_000],
    [16, 0],
    [16, 255],
  ] as const) {
    const greedy = header.slice();
    new DataView(greedy.buffer).setUint32(offset, value);
    expect(await unlockWithPassphrase("x", greedy)).toBe("not-locked");
  }
  const busy = header.slice();
  const view = new DataView(busy.buffer);
  view.setUint32(8, 128 * 1024);
  view.setUint32(12, 9);
  expect(await unlockWithPassphrase("x", busy)).toBe("not-locked");
}, 30_000);

test("HI9: a recovery key has 6 groups, and uses its randomness evenly", () => {
  let next = 0;
  const key = recoveryKey((bytes) => Uint8Array.from({ length: bytes }, () => next++ % 256));
  expect(key).toMatch(/^([A-HJKMNP-TV-Z2-9]{5}-){5}[A-HJKMNP-TV-Z2-9]{5}$/);
  const all = recoveryKey(() =>
    Uint8Array.from({ length: 40 }, () => 250).map((byte, at) => (at % 2 === 0 ? byte : 7)),
  );
  expect(all.replaceAll("-", "")).toBe("H".repeat(30));
});

import { expect, test } from "vitest";
import { freeBytes } from "./bytes.ts";

test("what is large and whole is given back, once and for all", () => {
  const bytes = new Uint8Array(4096);
  const view = bytes.subarray(1);
  freeBytes(bytes);
  expect([bytes.length, view.length, bytes.buffer.byteLength]).toEqual([0, 0, 0]);
  freeBytes(bytes);
});

test("what is small, or a part of more, stays", () => {
  const small = new Uint8Array(4095).fill(1);
  const large = new Uint8Array(8192).fill(1);
  freeBytes(small);
  freeBytes(large.subarray(0, 4096));
  freeBytes(large.subarray(4096));
  freeBytes(new Uint8Array(new SharedArrayBuffer(8192)));
  expect([small.length, large.length, large.at(-1)]).toEqual([4095, 8192, 1]);
});

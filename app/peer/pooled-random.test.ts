import { expect, test } from "vitest";
import { pooledRandom } from "./pooled-random.ts";

/** Numbers of a counter in place of random ones: every byte can be told from its neighbours. */
function counted() {
  let next = 0;
  const filled: Uint8Array[] = [];
  const random = pooledRandom((bytes) => {
    filled.push(bytes);
    for (let at = 0; at < bytes.length; at++) bytes[at] = 1 + (next++ % 251);
  });
  return { random, filled };
}

test("bytes are handed out once, whatever the lengths asked for", () => {
  const { random } = counted();
  let expected = 0;
  for (let round = 0; round < 500; round++) {
    expect([...random.bytes(8)]).toEqual(Array.from({ length: 8 }, () => 1 + (expected++ % 251)));
  }
});

test("what was handed out is not in the pool any more, nor changed by it later", () => {
  const { random, filled } = counted();
  const first = random.bytes(32);
  const kept = Uint8Array.from(first);
  const [pool] = filled;
  expect(pool?.subarray(0, 32).every((byte) => byte === 0)).toBe(true);
  expect(pool?.[32]).not.toBe(0);
  for (let round = 0; round < 1000; round++) random.bytes(24);
  expect(first).toEqual(kept);
});

test("any number of bytes, none left unfilled and none of the same", () => {
  const { random } = counted();
  for (const length of [0, 1, 16, 4095, 4096, 4097, 20_000]) {
    const bytes = random.bytes(length);
    expect(bytes).toHaveLength(length);
    expect(bytes.includes(0)).toBe(false);
  }
  const real = pooledRandom((bytes) => crypto.getRandomValues(bytes));
  const drawn = Array.from({ length: 2000 }, () => real.bytes(16).toString());
  expect(new Set(drawn).size).toBe(drawn.length);
});

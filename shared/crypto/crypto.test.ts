import { expect, test } from "vitest";
import fc from "fast-check";
import {
  decodeBase64,
  directConversationBytes,
  encodeBase64,
  KEY_BYTES,
  NONCE_BYTES,
  openContent,
  sealContent,
  SEAL_OVERHEAD_BYTES,
} from "./index.ts";

const filled = (value: number, length = KEY_BYTES) => new Uint8Array(length).fill(value);
const context = filled(9, 40);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function flipped(source: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(source);
  const index = at % copy.length;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

test("S2: known answers stay the same from version to version", () => {
  expect(
    encodeBase64(sealContent(filled(5), filled(6, NONCE_BYTES), context, filled(7, 3))),
  ).toMatchInlineSnapshot(`"BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGx1ZlYVoLr9v080xgJ4WfFvOu3g=="`);
  expect(encodeBase64(directConversationBytes(filled(1, 16), filled(2, 16)))).toMatchInlineSnapshot(
    `"8wRxJ8274YczNoFfMCk8IA=="`,
  );
});

test("S2: content opens as it was sealed, and not with anything changed", () => {
  fc.assert(
    fc.property(
      bytes(KEY_BYTES),
      bytes(NONCE_BYTES),
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 2000 }),
      fc.nat(),
      (key, nonce, additional, plaintext, at) => {
        const sealed = sealContent(key, nonce, additional, plaintext);
        expect(sealed).toHaveLength(plaintext.length + SEAL_OVERHEAD_BYTES);
        expect(openContent(key, additional, sealed)).toEqual(plaintext);
        expect(openContent(key, additional, flipped(sealed, at))).toBeUndefined();
        expect(openContent(flipped(key, at), additional, sealed)).toBeUndefined();
        expect(openContent(key, Uint8Array.of(...additional, 0), sealed)).toBeUndefined();
        expect(
          openContent(key, additional, sealed.subarray(0, at % sealed.length)),
        ).toBeUndefined();
      },
    ),
    { numRuns: 50 },
  );
});

test("C1: a direct conversation's id is the same from both ends, and another for other people", () => {
  fc.assert(
    fc.property(bytes(16), bytes(16), bytes(16), (a, b, c) => {
      const id = directConversationBytes(a, b);
      expect(id).toHaveLength(16);
      expect(directConversationBytes(b, a)).toEqual(id);
      fc.pre(encodeBase64(b) !== encodeBase64(c));
      expect(directConversationBytes(a, c)).not.toEqual(id);
    }),
  );
});

test("base64 is that of the wire", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (source) => {
      expect(decodeBase64(encodeBase64(source))).toEqual(source);
    }),
  );
  expect(() => decodeBase64("a_-=")).toThrow(Error);
});

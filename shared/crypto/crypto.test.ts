import { expect, test } from "vitest";
import fc from "fast-check";
import {
  decodeBase64,
  directConversationBytes,
  encodeBase64,
  KEY_BYTES,
  keyPairOf,
  NONCE_BYTES,
  openContent,
  sealContent,
  SEAL_OVERHEAD_BYTES,
  unwrapKey,
  WRAPPED_KEY_BYTES,
  wrapKey,
} from "./index.ts";

const filled = (value: number, length = KEY_BYTES) => new Uint8Array(length).fill(value);
const ada = keyPairOf(filled(1));
const ben = keyPairOf(filled(2));
const eve = keyPairOf(filled(3));
const context = filled(9, 40);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function flipped(source: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(source);
  const index = at % copy.length;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

test("S1: known answers stay the same from version to version", () => {
  expect(encodeBase64(ada.publicKey)).toMatchInlineSnapshot(
    `"pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk="`,
  );
  expect(
    encodeBase64(wrapKey(ada, ben.publicKey, filled(4), context, filled(5))),
  ).toMatchInlineSnapshot(
    `"rAGyIJ6GNU+4UyN7XeD0+rE8f8v0M6YcAZNpYX/s8QvxzBDP9EJnERSWG4/lzK7k8wXE4feIdkVOCnVzvlzt5NiQRIVTGuUh2v/MhgS45Ug="`,
  );
  expect(
    encodeBase64(sealContent(filled(5), filled(6, NONCE_BYTES), context, filled(7, 3))),
  ).toMatchInlineSnapshot(`"BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGx1ZlYVoLr9v080xgJ4WfFvOu3g=="`);
  expect(encodeBase64(directConversationBytes(filled(1, 16), filled(2, 16)))).toMatchInlineSnapshot(
    `"8wRxJ8274YczNoFfMCk8IA=="`,
  );
});

test("X25519 is that of RFC 7748 §5.2: the first step of its iteration", () => {
  const secret = new Uint8Array(KEY_BYTES);
  secret[0] = 9;
  expect(encodeBase64(keyPairOf(secret).publicKey)).toBe(
    "QiyOemIn17yhNQs+K7cnn3iXuHu2hUt4PGDoAxGuMHk=",
  );
});

test("S1: a wrapped key opens for its recipient, by its sender and in its context alone", () => {
  const wrapped = wrapKey(ada, ben.publicKey, filled(4), context, filled(5));
  expect(wrapped).toHaveLength(WRAPPED_KEY_BYTES);
  expect(unwrapKey(ben, ada.publicKey, context, wrapped)).toEqual(filled(5));
  expect(unwrapKey(eve, ada.publicKey, context, wrapped)).toBeUndefined();
  expect(unwrapKey(ben, eve.publicKey, context, wrapped)).toBeUndefined();
  expect(unwrapKey(ben, ada.publicKey, filled(8, 40), wrapped)).toBeUndefined();
  expect(unwrapKey(ben, ada.publicKey, context, wrapped.subarray(1))).toBeUndefined();
});

test("S1: a wrapped key with any bit changed does not open", () => {
  const wrapped = wrapKey(ada, ben.publicKey, filled(4), context, filled(5));
  fc.assert(
    fc.property(fc.nat(WRAPPED_KEY_BYTES - 1), (at) => {
      // The top bit of the ephemeral key is no part of it (RFC 7748 §5), yet it is bound.
      expect(unwrapKey(ben, ada.publicKey, context, flipped(wrapped, at))).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

test("S1: a low-order key is refused, not used", () => {
  expect(() => wrapKey(ada, filled(0), filled(4), context, filled(5))).toThrow(Error);
  expect(unwrapKey(ben, filled(0), context, filled(0, WRAPPED_KEY_BYTES))).toBeUndefined();
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

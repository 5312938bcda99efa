import { expect, test } from "vitest";
import fc from "fast-check";
import {
  decodeBase64,
  deviceIdBytes,
  deviceProofMessage,
  encodeBase64,
  identityKeysOf,
  linkDescriptionMessage,
  pairKey,
  sign,
  SIGNATURE_BYTES,
  verify,
} from "./index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const filled = (value: number, length = 32) => new Uint8Array(length).fill(value);
const ada = identityKeysOf(filled(1));
const ben = identityKeysOf(filled(2));
const message = filled(7, 40);

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

test("I1: keys and signatures are those of RFC 8032 §7.1, test 2", () => {
  const keys = identityKeysOf(
    fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
  );
  expect(keys.publicKey).toEqual(
    fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
  );
  expect(sign(keys, Uint8Array.of(0x72))).toEqual(
    fromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
  );
});

test("I1: known answers stay the same from version to version", () => {
  expect(encodeBase64(deviceIdBytes(ada.publicKey))).toMatchInlineSnapshot(
    `"pt9GBo+X//Obiw5cP+59ew=="`,
  );
  expect(encodeBase64(deviceProofMessage(filled(3)))).toMatchInlineSnapshot(
    `"YmVlbGluZSBkZXZpY2UgcHJvb2YgdjEAAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="`,
  );
  expect(encodeBase64(pairKey(ada, ben.publicKey) ?? filled(0))).toMatchInlineSnapshot(
    `"9ui9JoxKxM/3aI+AP6J2gDzHurup6enr7cW4PQ7WSV0="`,
  );
  const description = { linkId: filled(1, 16), from: filled(2, 16), to: filled(3, 16) };
  expect(
    encodeBase64(linkDescriptionMessage({ ...description, type: "offer", sdp: "v=0\r\n" })),
  ).toMatchInlineSnapshot(
    `"YmVlbGluZSBsaW5rIHYxAAEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAwMDAwMDAwMDAwMDAwMDAwBM9XYnCV+8SIbeN4/LNAeRfKyiC/B4yj8PrD5cqbGS2A=="`,
  );
});

test("I1: a signature counts for its key and its message, to the bit", () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 100 }), fc.nat(), (secret, text, at) => {
      const keys = identityKeysOf(secret);
      const signature = sign(keys, text);
      expect(signature).toHaveLength(SIGNATURE_BYTES);
      expect(verify(keys.publicKey, text, signature)).toBe(true);
      expect(verify(keys.publicKey, text, flipped(signature, at))).toBe(false);
      expect(verify(keys.publicKey, Uint8Array.of(...text, 0), signature)).toBe(false);
      expect(verify(ada.publicKey, text, signature)).toBe(false);
    }),
    { numRuns: 20 },
  );
});

function flipped(source: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(source);
  const index = at % copy.length;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

test("I1: keys and signatures that are none are refused, not thrown at", () => {
  const signature = sign(ada, message);
  expect(verify(filled(255), message, signature)).toBe(false);
  expect(verify(ada.publicKey.subarray(1), message, signature)).toBe(false);
  expect(verify(ada.publicKey, message, signature.subarray(1))).toBe(false);
  expect(verify(ada.publicKey, message, new Uint8Array())).toBe(false);
  expect(verify(ada.publicKey, message, filled(0, 64))).toBe(false);
});

test("I1: a key of low order, under which anything is signed, is refused", () => {
  // The neutral element, and a signature that fits every message with it (RFC 8032 §8.4, zip215).
  const neutral = filled(0);
  neutral[0] = 1;
  const signature = filled(0, 64);
  signature[0] = 1;
  for (const text of [message, filled(1, 3)]) expect(verify(neutral, text, signature)).toBe(false);
  expect(pairKey(ada, neutral)).toBeUndefined();
});

test("I1: an id follows from the key, and another key has another", () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), (a, b) => {
      expect(deviceIdBytes(a)).toHaveLength(16);
      expect(deviceIdBytes(a)).toEqual(deviceIdBytes(Uint8Array.from(a)));
      fc.pre(encodeBase64(a) !== encodeBase64(b));
      expect(deviceIdBytes(a)).not.toEqual(deviceIdBytes(b));
    }),
  );
});

test("two devices come to the same key without a message, and no third does", () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), (secretA, secretB) => {
      const [a, b] = [identityKeysOf(secretA), identityKeysOf(secretB)];
      const key = pairKey(a, b.publicKey);
      expect(key).toHaveLength(32);
      expect(pairKey(b, a.publicKey)).toEqual(key);
      fc.pre(encodeBase64(secretA) !== encodeBase64(secretB));
      expect(pairKey(ada, a.publicKey)).not.toEqual(key);
      expect(pairKey(ada, b.publicKey)).not.toEqual(key);
    }),
    { numRuns: 20 },
  );
});

test("a key that is none makes no pair", () => {
  expect(pairKey(ada, filled(255))).toBeUndefined();
  expect(pairKey(ada, new Uint8Array(31))).toBeUndefined();
});

test("I11: a description's message binds each of its parts", () => {
  const description = {
    linkId: filled(1, 16),
    from: filled(2, 16),
    to: filled(3, 16),
    type: "offer" as const,
    sdp: "v=0\r\na=fingerprint:sha-256 00:11\r\n",
  };
  const whole = encodeBase64(linkDescriptionMessage(description));
  for (const change of [
    { linkId: filled(9, 16) },
    { from: filled(9, 16) },
    { to: filled(9, 16) },
    { from: description.to, to: description.from },
    { type: "answer" as const },
    { sdp: description.sdp.replace("11", "12") },
    { sdp: description.sdp.trim() },
  ]) {
    expect(encodeBase64(linkDescriptionMessage({ ...description, ...change }))).not.toBe(whole);
  }
});

test("I1: a message signed for one purpose is none for another", () => {
  const domains = [
    deviceProofMessage(filled(3)),
    linkDescriptionMessage({
      linkId: filled(1, 16),
      from: filled(2, 16),
      to: filled(3, 16),
      type: "offer",
      sdp: "v=0",
    }),
  ].map((text) => text.subarray(0, text.indexOf(0)).join());
  expect(new Set(domains).size).toBe(domains.length);
  expect(decodeBase64(encodeBase64(deviceProofMessage(filled(3))))).toHaveLength(24 + 32);
});

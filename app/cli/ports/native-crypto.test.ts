import { ed25519 } from "@noble/curves/ed25519.js";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CHUNK_TAG_BYTES,
  ChunkCipher,
  chunkedSeal,
  identityKeysOf,
  NONCE_BYTES,
  openContent,
  sameBytes,
  sealContent,
  sign,
  useNativeCrypto,
  verify,
  type ChaCha,
} from "../../../shared/crypto/index.ts";
import { nodeCrypto } from "./native-crypto.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const data = fc.uint8Array({ maxLength: 500 });
const algorithms = [
  ["sha256", sha256],
  ["sha512", sha512],
] as const;

test("OpenSSL gives the very bytes that the portable code gives", () => {
  fc.assert(
    fc.property(data, data, bytes(32), bytes(12), (message, additional, key, nonce) => {
      for (const [name, portable] of algorithms) {
        expect(nodeCrypto.digest(name, message)).toEqual(portable(message));
        const mac = nodeCrypto.mac(name, key);
        for (const part of [message, additional]) {
          expect(mac.digest(part)).toEqual(hmac(portable, key, part));
        }
        mac.destroy();
      }
      for (const secret of [key, key.slice(0, 16)]) {
        const sealed = nodeCrypto.encryptAesGcm(secret, nonce, additional, message);
        expect(sealed).toEqual(gcm(secret, nonce, additional).encrypt(message));
        expect(nodeCrypto.decryptAesGcm(secret, nonce, additional, sealed)).toEqual(message);
      }
      const chaCha = nodeCrypto.chaCha(key);
      const sealed = chaCha.encrypt(nonce, additional, message);
      expect(sealed).toEqual(chacha20poly1305(key, nonce, additional).encrypt(message));
      expect(chaCha.decrypt(nonce, additional, sealed)).toEqual(message);
      const signature = nodeCrypto.sign(key, message);
      expect(signature).toEqual(ed25519.sign(message, key));
      expect(nodeCrypto.verify(ed25519.getPublicKey(key), message, signature)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test("what is sealed with OpenSSL opens without, and the other way round", () => {
  useNativeCrypto(nodeCrypto);
  fc.assert(
    fc.property(bytes(32), bytes(24), data, fc.uint8Array({ maxLength: 2000 }), (...parts) => {
      const [key, nonce, additional, message] = parts;
      const sealed = sealContent(key, nonce, additional, message);
      const portable = xchacha20poly1305(key, nonce, additional);
      expect(sealed.subarray(NONCE_BYTES)).toEqual(portable.encrypt(message));
      expect(openContent(key, additional, sealed)).toEqual(message);
      sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
      expect(openContent(key, additional, sealed)).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

test.each([0, 1, 255, 256, 4095, 4096, 65_535, 65_536, 65_537])(
  "%i bytes are sealed in their place as they are in new memory, and without OpenSSL",
  (length) => {
    useNativeCrypto(nodeCrypto);
    const seal = chunkedSeal(new Uint8Array(19).fill(3), Math.max(64, length));
    const key = new Uint8Array(32).fill(5);
    const cipher = new ChunkCipher(key, seal);
    const plaintext = Uint8Array.from({ length }, (_, at) => (at * 31) & 0xff);
    const before = plaintext.slice();
    const room = new Uint8Array(9 + length + CHUNK_TAG_BYTES).fill(0xee);
    const sealed = cipher.seal(7, true, plaintext, room.subarray(9));
    const nonce = Uint8Array.of(...seal.header.subarray(5), 0, 0, 0, 7, 1);
    const portable = xchacha20poly1305(key, nonce, seal.header).encrypt(plaintext);
    for (const one of [sealed, room.subarray(9), cipher.seal(7, true, plaintext)]) {
      expect(sameBytes(one, portable)).toBe(true);
    }
    expect(room.subarray(0, 9)).toEqual(new Uint8Array(9).fill(0xee));
    expect(sameBytes(cipher.open(7, true, sealed) ?? room, plaintext)).toBe(true);
    expect(plaintext).toEqual(before);
    for (const other of [room, room.subarray(10)]) {
      expect(() => cipher.seal(7, true, plaintext, other)).toThrow(Error);
    }
  },
);

test("a device's signatures are the same with OpenSSL and without", () => {
  useNativeCrypto(nodeCrypto);
  fc.assert(
    fc.property(bytes(32), data, (seed, message) => {
      const keys = identityKeysOf(seed);
      const signature = sign(keys, message);
      expect(signature).toEqual(ed25519.sign(message, seed));
      expect(verify(keys.publicKey, message, signature)).toBe(true);
      signature[0] = (signature[0] ?? 0) ^ 1;
      expect(verify(keys.publicKey, message, signature)).toBe(false);
    }),
    { numRuns: 20 },
  );
  // No point of the curve, and points of low order: nobody can have signed for them.
  const nothing = new Uint8Array(64);
  for (const key of [new Uint8Array(32).fill(2), Uint8Array.from([1, ...new Uint8Array(31)])]) {
    expect(verify(key, nothing, nothing)).toBe(false);
  }
});

test("what is not sound is refused", () => {
  const key = new Uint8Array(32).fill(1);
  const [nonce, additional, message] = [new Uint8Array(12), new Uint8Array(3), new Uint8Array(40)];
  const aesGcm: ChaCha = {
    encrypt: (once, about, plaintext) => nodeCrypto.encryptAesGcm(key, once, about, plaintext),
    decrypt: (...rest) => nodeCrypto.decryptAesGcm(key, ...rest),
  };
  for (const cipher of [aesGcm, nodeCrypto.chaCha(key)]) {
    const sealed = cipher.encrypt(nonce, additional, message);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => cipher.decrypt(nonce, additional, changed)).toThrow("authenticate");
    }
    for (const length of [0, 15, sealed.length - 1]) {
      const short = sealed.subarray(0, length);
      expect(() => cipher.decrypt(nonce, additional, short)).toThrow(/no tag|authenticate/u);
    }
  }
  const publicKey = ed25519.getPublicKey(key);
  const signature = nodeCrypto.sign(key, message);
  expect(nodeCrypto.verify(publicKey, additional, signature)).toBe(false);
  expect(nodeCrypto.verify(publicKey, message, signature.subarray(1))).toBe(false);
  expect(nodeCrypto.verify(publicKey.subarray(1), message, signature)).toBe(false);
  expect(nodeCrypto.verify(new Uint8Array(0), message, signature)).toBe(false);
});

test("a copy of what it gives is a copy", () => {
  const digest = nodeCrypto.digest("sha256", new Uint8Array(1));
  const copy = digest.slice();
  digest.fill(0);
  expect(copy).not.toEqual(digest);
});

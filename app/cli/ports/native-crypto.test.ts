import { ed25519 } from "@noble/curves/ed25519.js";
import { gcm } from "@noble/ciphers/aes.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test } from "vitest";
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
      const signature = nodeCrypto.sign(key, message);
      expect(signature).toEqual(ed25519.sign(message, key));
      expect(nodeCrypto.verify(ed25519.getPublicKey(key), message, signature)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test("what is not sound is refused", () => {
  const key = new Uint8Array(32).fill(1);
  const [nonce, additional, message] = [new Uint8Array(12), new Uint8Array(3), new Uint8Array(40)];
  const sealed = nodeCrypto.encryptAesGcm(key, nonce, additional, message);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => nodeCrypto.decryptAesGcm(key, nonce, additional, changed)).toThrow("authenticate");
  }
  for (const length of [0, 15, sealed.length - 1]) {
    expect(() =>
      nodeCrypto.decryptAesGcm(key, nonce, additional, sealed.subarray(0, length)),
    ).toThrow(/no tag|authenticate/u);
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

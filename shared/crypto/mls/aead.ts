import { gcm } from "@noble/ciphers/aes.js";
import type { NativeCrypto } from "../native-crypto.ts";

/** AES-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags appended. */
export interface Aead {
  encrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | Promise<Uint8Array>;
  /** @throws Error for a wrong tag */
  decrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | Promise<Uint8Array>;
}

/** From here on WebCrypto is faster in spite of its import of each key (measured: see the bench). */
const NATIVE_FROM_BYTES = 512;

/** The host's own code where it has any, else WebCrypto for what is long, else JavaScript. */
export function aesGcm(subtle: SubtleCrypto | undefined, native: NativeCrypto | undefined): Aead {
  if (native !== undefined) return { encrypt: native.encryptAesGcm, decrypt: native.decryptAesGcm };
  const isLong = (bytes: Uint8Array) => bytes.length >= NATIVE_FROM_BYTES;
  return {
    encrypt: (key, nonce, additional, plaintext) =>
      subtle !== undefined && isLong(plaintext)
        ? encryptBySubtle(subtle, key, nonce, additional, plaintext)
        : gcm(key, nonce, additional).encrypt(plaintext),
    decrypt: (key, nonce, additional, ciphertext) =>
      subtle !== undefined && isLong(ciphertext)
        ? decryptBySubtle(subtle, key, nonce, additional, ciphertext)
        : gcm(key, nonce, additional).decrypt(ciphertext),
  };
}

async function encryptBySubtle(
  subtle: SubtleCrypto,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: additional } as const;
  return new Uint8Array(await subtle.encrypt(algorithm, imported, plaintext));
}

async function decryptBySubtle(
  subtle: SubtleCrypto,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: additional } as const;
  return new Uint8Array(await subtle.decrypt(algorithm, imported, ciphertext));
}

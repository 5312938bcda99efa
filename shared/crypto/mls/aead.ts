import { gcm } from "@noble/ciphers/aes.js";

/** AES-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags appended. */
export interface Aead {
  encrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<Uint8Array>;
  /** @throws Error for a wrong tag */
  decrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    ciphertext: Uint8Array,
  ): Promise<Uint8Array>;
}

/** From here on WebCrypto is faster in spite of its import of each key (measured: see the bench). */
const NATIVE_FROM_BYTES = 512;

export function aesGcm(subtle: SubtleCrypto | undefined): Aead {
  const isNative = (bytes: Uint8Array) => bytes.length >= NATIVE_FROM_BYTES;
  return {
    async encrypt(key, nonce, additional, plaintext) {
      if (subtle === undefined || !isNative(plaintext)) {
        return gcm(key, nonce, additional).encrypt(plaintext);
      }
      const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: additional } as const;
      return new Uint8Array(await subtle.encrypt(algorithm, imported, plaintext));
    },
    async decrypt(key, nonce, additional, ciphertext) {
      if (subtle === undefined || !isNative(ciphertext)) {
        return gcm(key, nonce, additional).decrypt(ciphertext);
      }
      const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: additional } as const;
      return new Uint8Array(await subtle.decrypt(algorithm, imported, ciphertext));
    },
  };
}

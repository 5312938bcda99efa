import { xchacha } from "./xchacha.ts";

/** Random bytes per sealing: enough never to meet twice by chance (draft-irtf-cfrg-xchacha §3.1). */
export const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** What sealing adds to the plaintext's length. */
export const SEAL_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Encrypts and authenticates with XChaCha20-Poly1305. The result is nonce, ciphertext, tag.
 * @param key 32 bytes @param nonce 24 random bytes, never used twice with one key
 * @param additional authenticated but not contained
 */
export function sealContent(
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const ciphertext = xchacha(key, nonce, additional).encrypt(plaintext);
  const sealed = new Uint8Array(NONCE_BYTES + ciphertext.length);
  sealed.set(nonce);
  sealed.set(ciphertext, NONCE_BYTES);
  return sealed;
}

/** @returns the plaintext, or undefined where the bytes are not what was sealed */
export function openContent(
  key: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined;
  try {
    return xchacha(key, sealed.subarray(0, NONCE_BYTES), additional).decrypt(
      sealed.subarray(NONCE_BYTES),
    );
  } catch {
    // The library tells a wrong tag by throwing; there is no other cause with these lengths.
    return undefined;
  }
}

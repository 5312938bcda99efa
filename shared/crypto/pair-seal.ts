import { NONCE_BYTES, openContent, sealContent, SEAL_OVERHEAD_BYTES } from "./content-seal.ts";

/** The first byte of what one device seals for one other. */
export const PAIR_SEALED = 2;

/** What sealing adds to the plaintext's length: type, nonce and tag. */
export const PAIR_SEAL_OVERHEAD_BYTES = 1 + SEAL_OVERHEAD_BYTES;

/**
 * Seals with the key that two devices share (`pairKey`), by XChaCha20-Poly1305. The result is the
 * type byte, nonce, ciphertext and tag. The key is the same in both directions: the additional data
 * must name sender and recipient, or a message could be thrown back at its sender.
 * @param nonce 24 random bytes, never used twice
 */
export function sealForPair(
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const content = sealContent(key, nonce, additional, plaintext);
  const sealed = new Uint8Array(1 + content.length);
  sealed[0] = PAIR_SEALED;
  sealed.set(content, 1);
  return sealed;
}

/** @returns the plaintext, or undefined where the bytes are not what was sealed */
export function openFromPair(
  key: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < 1 + NONCE_BYTES || sealed[0] !== PAIR_SEALED) return undefined;
  return openContent(key, additional, sealed.subarray(1));
}

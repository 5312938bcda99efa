import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { KEY_BYTES, type KeyPair } from "./device-keys.ts";
import { NONCE_BYTES } from "./content-seal.ts";

const DOMAIN = utf8ToBytes("beeline key wrap v1: X25519 auth, HKDF-SHA256, XChaCha20-Poly1305\0");

/** Ephemeral public key, encrypted key, tag. */
export const WRAPPED_KEY_BYTES = KEY_BYTES + KEY_BYTES + 16;

/**
 * Encrypts a symmetric key so that only the recipient device can open it and knows which device
 * made it: the shape of HPKE's auth mode (RFC 9180 §5.1.3). Two agreements, ephemeral–recipient
 * and sender–recipient, go through HKDF-SHA256 (RFC 5869) with all three public keys and the
 * context bound; the key so made is used once.
 * @param ephemeralSecret 32 fresh random bytes
 * @param context what the key is for; the same bytes are needed to open
 * @throws Error where the recipient's key is no usable X25519 key (low order)
 */
export function wrapKey(
  sender: KeyPair,
  recipientPublicKey: Uint8Array,
  ephemeralSecret: Uint8Array,
  context: Uint8Array,
  key: Uint8Array,
): Uint8Array {
  const ephemeral = x25519.getPublicKey(ephemeralSecret);
  const { wrapping, nonce } = derive(
    x25519.getSharedSecret(ephemeralSecret, recipientPublicKey),
    x25519.getSharedSecret(sender.secretKey, recipientPublicKey),
    concatBytes(DOMAIN, ephemeral, sender.publicKey, recipientPublicKey, context),
  );
  return concatBytes(ephemeral, xchacha20poly1305(wrapping, nonce).encrypt(key));
}

/** @returns the 32 bytes of the key, or undefined where they were not wrapped by this sender for us */
export function unwrapKey(
  recipient: KeyPair,
  senderPublicKey: Uint8Array,
  context: Uint8Array,
  wrapped: Uint8Array,
): Uint8Array | undefined {
  if (wrapped.length !== WRAPPED_KEY_BYTES) return undefined;
  const ephemeral = wrapped.subarray(0, KEY_BYTES);
  try {
    const { wrapping, nonce } = derive(
      x25519.getSharedSecret(recipient.secretKey, ephemeral),
      x25519.getSharedSecret(recipient.secretKey, senderPublicKey),
      concatBytes(DOMAIN, ephemeral, senderPublicKey, recipient.publicKey, context),
    );
    return xchacha20poly1305(wrapping, nonce).decrypt(wrapped.subarray(KEY_BYTES));
  } catch {
    // A low-order point or a wrong tag: either way it was not made by that sender for this device.
    return undefined;
  }
}

function derive(
  ephemeralShared: Uint8Array,
  staticShared: Uint8Array,
  info: Uint8Array,
): { wrapping: Uint8Array; nonce: Uint8Array } {
  const shared = concatBytes(ephemeralShared, staticShared);
  const derived = hkdf(sha256, shared, undefined, info, KEY_BYTES + NONCE_BYTES);
  return { wrapping: derived.subarray(0, KEY_BYTES), nonce: derived.subarray(KEY_BYTES) };
}

import { x25519 } from "@noble/curves/ed25519.js";

/** Bytes of an X25519 key, public or secret, and of every symmetric key here. */
export const KEY_BYTES = 32;

/** A device's X25519 keys (RFC 7748), 32 bytes each. */
export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** @param secretKey 32 bytes from a secure source, kept as they are */
export function keyPairOf(secretKey: Uint8Array): KeyPair {
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) };
}

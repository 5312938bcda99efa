import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { compareBytes } from "./bytes.ts";
import { nativeCrypto } from "./native-crypto.ts";

/** Bytes of a public key, of a seed, and of every symmetric key here. */
export const KEY_BYTES = 32;

/** Bytes of an Ed25519 signature (RFC 8032 §5.1.6). */
export const SIGNATURE_BYTES = 64;

const DEVICE_ID = utf8ToBytes("beeline device id v1\0");
const PROOF = utf8ToBytes("beeline device proof v1\0");
const PAIR = utf8ToBytes("beeline device pair v1\0");

/** A device's Ed25519 keys (RFC 8032): the seed and the public key, 32 bytes each. */
export interface IdentityKeys {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** @param secretKey 32 bytes from a secure source, kept as they are */
export function identityKeysOf(secretKey: Uint8Array): IdentityKeys {
  return { secretKey, publicKey: ed25519.getPublicKey(secretKey) };
}

export function sign(keys: IdentityKeys, message: Uint8Array): Uint8Array {
  const native = nativeCrypto();
  return native ? native.sign(keys.secretKey, message) : ed25519.sign(message, keys.secretKey);
}

/** False also for a key or a signature that is none. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const native = nativeCrypto();
  if (native !== undefined) return native.verify(publicKey, message, signature);
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    // A point that is not on the curve: nobody can have signed for it.
    return false;
  }
}

/**
 * A device's id: the first 16 bytes of a SHA-256 over its public key, so that an id stands for one
 * key and nobody can take another's.
 * @param publicKey 32 bytes
 */
export function deviceIdBytes(publicKey: Uint8Array): Uint8Array {
  return sha256(concatBytes(DEVICE_ID, publicKey)).subarray(0, 16);
}

/**
 * What a device signs to prove its key to the server.
 * @param challenge 32 bytes of the server's, used once
 */
export function deviceProofMessage(challenge: Uint8Array): Uint8Array {
  return concatBytes(PROOF, challenge);
}

/**
 * The key that two devices share without a message: X25519 (RFC 7748) over the Montgomery form of
 * their keys, through HKDF-SHA256 (RFC 5869) with both public keys bound, the smaller first.
 * @returns 32 bytes; undefined where the other key is no usable one (low order, not on the curve)
 */
export function pairKey(own: IdentityKeys, otherPublicKey: Uint8Array): Uint8Array | undefined {
  try {
    const shared = x25519.getSharedSecret(
      ed25519.utils.toMontgomerySecret(own.secretKey),
      ed25519.utils.toMontgomery(otherPublicKey),
    );
    const [first, second] =
      compareBytes(own.publicKey, otherPublicKey) < 0
        ? [own.publicKey, otherPublicKey]
        : [otherPublicKey, own.publicKey];
    return hkdf(sha256, shared, undefined, concatBytes(PAIR, first, second), KEY_BYTES);
  } catch {
    // The library tells a bad point by throwing; there is no other cause with these lengths.
    return undefined;
  }
}

import { chacha20poly1305, hchacha, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { nativeCrypto, type ChaCha } from "./native-crypto.ts";

/** The first row of ChaCha's state: "expand 32-byte k" (RFC 8439 §2.3). */
const SIGMA = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);

/** From here on native code is faster in spite of its objects (measured: a receipt has 100 bytes). */
const NATIVE_FROM_BYTES = 256;

/** So many bytes of a nonce go into the key of the ChaCha20-Poly1305 inside. */
export const NONCE_START_BYTES = 16;

/** One sealing or opening under one nonce. */
export interface XChaCha {
  /**
   * @param into where it is put, just as long, for whoever frames it without a copy; new memory
   * @returns the ciphertext, and a tag of 16 bytes
   */
  encrypt(plaintext: Uint8Array, into?: Uint8Array): Uint8Array;
  /** @throws Error for a wrong tag */
  decrypt(ciphertext: Uint8Array): Uint8Array;
}

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha §2); the ChaCha20-Poly1305 inside is the host's own where
 * it has one.
 * @param key 32 bytes @param nonce 24 bytes
 */
export function xchacha(key: Uint8Array, nonce: Uint8Array, additional: Uint8Array): XChaCha {
  const native = nativeCrypto();
  const portable = xchacha20poly1305(key, nonce, additional);
  if (native === undefined) return portable;
  const within = (use: (inner: ChaCha, nonce: Uint8Array) => Uint8Array): Uint8Array => {
    const inner = innerKey(key, nonce.subarray(0, NONCE_START_BYTES));
    try {
      return use(native.chaCha(inner), innerNonce(nonce.subarray(NONCE_START_BYTES)));
    } finally {
      inner.fill(0);
    }
  };
  return {
    encrypt: (plaintext, into) =>
      plaintext.length < NATIVE_FROM_BYTES
        ? portable.encrypt(plaintext, into)
        : within((chaCha, end) => chaCha.encrypt(end, additional, plaintext, into)),
    decrypt: (ciphertext) =>
      ciphertext.length < NATIVE_FROM_BYTES
        ? portable.decrypt(ciphertext)
        : within((chaCha, end) => chaCha.decrypt(end, additional, ciphertext)),
  };
}

/**
 * The same under nonces that begin alike, whose key inside is the same: it is made once.
 * @param key 32 bytes @param start 16 bytes
 * @returns for the nonce's other 8 bytes
 */
export function xchachaFrom(
  key: Uint8Array,
  start: Uint8Array,
): (end: Uint8Array, additional: Uint8Array) => XChaCha {
  const inner = innerKey(key, start);
  const native = nativeCrypto()?.chaCha(inner);
  return (end, additional) => {
    const nonce = innerNonce(end);
    if (native === undefined) return chacha20poly1305(inner, nonce, additional);
    return {
      encrypt: (plaintext, into) => native.encrypt(nonce, additional, plaintext, into),
      decrypt: (ciphertext) => native.decrypt(nonce, additional, ciphertext),
    };
  };
}

/** Of the ChaCha20-Poly1305 inside (§2.3). @throws RangeError for other lengths */
function innerKey(key: Uint8Array, start: Uint8Array): Uint8Array {
  if (key.length !== 32 || start.length !== NONCE_START_BYTES) {
    throw new RangeError("no key or nonce of XChaCha20");
  }
  const outer = words(key);
  const derived = new Uint32Array(8);
  hchacha(SIGMA, outer, words(start), derived);
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const [at, word] of derived.entries()) view.setUint32(4 * at, word, true);
  outer.fill(0);
  derived.fill(0);
  return bytes;
}

/** @throws RangeError for another length */
function innerNonce(end: Uint8Array): Uint8Array {
  if (end.length !== 8) throw new RangeError("no nonce of XChaCha20");
  const nonce = new Uint8Array(12);
  nonce.set(end, 4);
  return nonce;
}

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at, true));
}

/** The hash functions of our suites. */
export type HashName = "sha256" | "sha512";

/** HMAC (RFC 2104) under one key, for any number of messages. */
export interface Mac {
  digest(data: Uint8Array): Uint8Array;
  /** Call it when no more is asked of it: what is left of the key goes, as far as a host can do that. */
  destroy(): void;
}

/** ChaCha20-Poly1305 (RFC 8439 §2.8) under one key, for any number of nonces of 12 bytes. */
export interface ChaCha {
  /** @param into where it is put, just as long; new memory @returns the ciphertext and its tag */
  encrypt(
    nonce: Uint8Array,
    additional: Uint8Array,
    plaintext: Uint8Array,
    into?: Uint8Array,
  ): Uint8Array;
  /** @throws Error for a wrong tag */
  decrypt(nonce: Uint8Array, additional: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

/** A hash of something that comes in pieces. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Once, at the end. */
  digest(): Uint8Array;
}

/**
 * Primitives that a host has in native code and without a wait: WebCrypto brings every call to another
 * thread and back, which takes as long as an Ed25519 signature. Every one gives the very bytes that
 * the portable code gives.
 */
export interface NativeCrypto {
  readonly digest: (hash: HashName, data: Uint8Array) => Uint8Array;
  readonly sha256: () => Hasher;
  readonly mac: (hash: HashName, key: Uint8Array) => Mac;
  /**
   * AES-GCM (NIST SP 800-38D): the ciphertext, and a tag of 16 bytes.
   * @param key 16 or 32 bytes @param nonce 12 bytes
   */
  readonly encryptAesGcm: (
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    plaintext: Uint8Array,
  ) => Uint8Array;
  /** @throws Error for a wrong tag */
  readonly decryptAesGcm: (
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    ciphertext: Uint8Array,
  ) => Uint8Array;
  /** @param key 32 bytes */
  readonly chaCha: (key: Uint8Array) => ChaCha;
  /** Ed25519 (RFC 8032). @param secretKey the seed, 32 bytes, never overwritten by another */
  readonly sign: (secretKey: Uint8Array, message: Uint8Array) => Uint8Array;
  /** False also for a key or a signature that is none. */
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

/** This host's, where it has one: it is the same for everything in the process. */
const HOST: { native?: NativeCrypto } = {};

/** For the program's start, before any key is used; without it the portable code does it all. */
export function useNativeCrypto(native: NativeCrypto): void {
  HOST.native = native;
}

export function nativeCrypto(): NativeCrypto | undefined {
  return HOST.native;
}

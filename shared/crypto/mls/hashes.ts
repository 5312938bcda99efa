import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import type { HashName, Mac, NativeCrypto } from "../native-crypto.ts";

/** A hash function with what is made of it. */
export interface Hashes {
  readonly outputBytes: number;
  readonly digest: (data: Uint8Array) => Uint8Array;
  mac(key: Uint8Array): Mac;
  /** HKDF-Extract (RFC 5869 §2.2). */
  extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array;
  /** HKDF-Expand (RFC 5869 §2.3). */
  expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array;
}

/** @param native absent: in JavaScript */
export function makeHashes(name: HashName, native: NativeCrypto | undefined): Hashes {
  const hash = name === "sha512" ? sha512 : sha256;
  const mac = native
    ? (key: Uint8Array) => native.mac(name, key)
    : (key: Uint8Array): Mac => {
        const keyed = hmac.create(hash, key);
        return {
          digest: (data) => keyed.clone().update(data).digest(),
          destroy: () => keyed.destroy(),
        };
      };
  return {
    outputBytes: hash.outputLen,
    digest: native ? (data) => native.digest(name, data) : hash,
    mac,
    extract: (salt, ikm) => extract(hash, ikm, salt),
    expand(prk, info, length) {
      if (length > hash.outputLen) return expand(hash, prk, info, length);
      const keyed = mac(prk);
      const block = firstBlock(keyed, info, length);
      keyed.destroy();
      return block;
    },
  };
}

/**
 * HKDF-Expand (RFC 5869 §2.3) where one block is enough.
 * @param prk HMAC with the pseudorandom key @param length at most the hash's output
 */
export function firstBlock(prk: Mac, info: Uint8Array, length: number): Uint8Array {
  const input = new Uint8Array(info.length + 1);
  input.set(info);
  input[info.length] = 1;
  const block = prk.digest(input);
  return length === block.length ? block : block.subarray(0, length);
}

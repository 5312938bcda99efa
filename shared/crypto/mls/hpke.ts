import { expand, extract } from "@noble/hashes/hkdf.js";
import type { CHash } from "@noble/hashes/utils.js";
import { concatBytes, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Hpke } from "ts-mls";
import type { Aead } from "./aead.ts";
import type { Kem } from "./kem.ts";

/** A key as HPKE's callers pass it around: the serialized bytes, told public from private. */
interface RawKey<Type extends "public" | "private"> extends CryptoKey {
  readonly type: Type;
  readonly bytes: Uint8Array;
}

/**
 * HPKE in base mode (RFC 9180 §5.1.1), single shot and export, over the primitives given: it needs
 * no WebCrypto, and nothing is imported and exported on the way.
 */
export function makeHpke(suite: {
  readonly kem: Kem;
  readonly kdf: { readonly id: number; readonly hash: CHash };
  readonly aead: { readonly id: number; readonly keyBytes: number; readonly cipher: Aead };
}): Hpke {
  const { kem, kdf, aead } = suite;
  const id = concatBytes(utf8ToBytes("HPKE"), uint16(kem.id), uint16(kdf.id), uint16(aead.id));
  const labeledExtract = (salt: Uint8Array, label: string, ikm: Uint8Array) =>
    extract(kdf.hash, concatBytes(VERSION, id, utf8ToBytes(label), ikm), salt);
  const labeledExpand = (prk: Uint8Array, label: string, info: Uint8Array, length: number) =>
    expand(
      kdf.hash,
      prk,
      concatBytes(uint16(length), VERSION, id, utf8ToBytes(label), info),
      length,
    );

  /** §5.1, KeySchedule in mode_base: no pre-shared key. */
  const schedule = (shared: Uint8Array, info: Uint8Array) => {
    const context = concatBytes(
      Uint8Array.of(0),
      labeledExtract(EMPTY, "psk_id_hash", EMPTY),
      labeledExtract(EMPTY, "info_hash", info),
    );
    const secret = labeledExtract(shared, "secret", EMPTY);
    return {
      key: () => labeledExpand(secret, "key", context, aead.keyBytes),
      nonce: () => labeledExpand(secret, "base_nonce", context, NONCE_BYTES),
      exported: (exporterContext: Uint8Array, length: number) => {
        const exporter = labeledExpand(secret, "exp", context, kdf.hash.outputLen);
        return labeledExpand(exporter, "sec", exporterContext, length);
      },
    };
  };
  const publicKey = (bytes: Uint8Array): RawKey<"public"> => {
    if (bytes.length !== kem.publicKeyBytes) throw new RangeError("no public key of this suite");
    return { type: "public", bytes };
  };
  const privateKey = (bytes: Uint8Array): RawKey<"private"> => {
    if (bytes.length !== kem.secretKeyBytes) throw new RangeError("no private key of this suite");
    return { type: "private", bytes };
  };
  const derive = async (ikm: Uint8Array) => {
    const pair = await kem.deriveKeyPair(ikm);
    return { privateKey: privateKey(pair.secretKey), publicKey: publicKey(pair.publicKey) };
  };

  return {
    keyLength: aead.keyBytes,
    nonceLength: NONCE_BYTES,
    async seal(key: RawKey<"public">, plaintext, info, aad = EMPTY) {
      const { enc, shared } = await kem.encapsulate(key.bytes);
      const { key: derived, nonce } = schedule(shared, info);
      return { enc, ct: await aead.cipher.encrypt(derived(), nonce(), aad, plaintext) };
    },
    async open(key: RawKey<"private">, enc, ciphertext, info, aad = EMPTY) {
      const { key: derived, nonce } = schedule(await kem.decapsulate(key.bytes, enc), info);
      return await aead.cipher.decrypt(derived(), nonce(), aad, ciphertext);
    },
    async exportSecret(key: RawKey<"public">, exporterContext, length, info) {
      const { enc, shared } = await kem.encapsulate(key.bytes);
      return { enc, secret: schedule(shared, info).exported(exporterContext, length) };
    },
    async importSecret(key: RawKey<"private">, exporterContext, enc, length, info) {
      const shared = await kem.decapsulate(key.bytes, enc);
      return schedule(shared, info).exported(exporterContext, length);
    },
    importPublicKey: async (bytes) => publicKey(bytes),
    importPrivateKey: async (bytes) => privateKey(bytes),
    exportPublicKey: async (key: RawKey<"public">) => key.bytes,
    exportPrivateKey: async (key: RawKey<"private">) => key.bytes,
    deriveKeyPair: derive,
    generateKeyPair: async () => derive(randomBytes(32)),
    encryptAead: async (key, nonce, aad, plaintext) =>
      aead.cipher.encrypt(key, nonce, aad ?? EMPTY, plaintext),
    decryptAead: async (key, nonce, aad, ciphertext) =>
      aead.cipher.decrypt(key, nonce, aad ?? EMPTY, ciphertext),
  };
}

const EMPTY = new Uint8Array(0);
const VERSION = utf8ToBytes("HPKE-v1");
const NONCE_BYTES = 12;

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

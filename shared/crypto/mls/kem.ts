import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { concatBytes, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { Curves } from "./curves.ts";

export interface KemKeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A key encapsulation mechanism for HPKE (RFC 9180 §4). Keys are serialized ones. */
export interface Kem {
  /** RFC 9180 §7.1. */
  readonly id: number;
  readonly publicKeyBytes: number;
  readonly secretKeyBytes: number;
  deriveKeyPair(ikm: Uint8Array): Promise<KemKeyPair>;
  /** @throws Error for a public key that is none */
  encapsulate(publicKey: Uint8Array): Promise<{ enc: Uint8Array; shared: Uint8Array }>;
  /** @throws Error for an encapsulation that is none */
  decapsulate(secretKey: Uint8Array, enc: Uint8Array): Promise<Uint8Array>;
}

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 §4.1. */
export function x25519Kem(curves: Curves): Kem {
  const suite = concatBytes(utf8ToBytes("KEM"), Uint8Array.of(0x00, 0x20));
  const labeledExtract = (label: string, ikm: Uint8Array) =>
    extract(sha256, concatBytes(HPKE, suite, utf8ToBytes(label), ikm), EMPTY);
  const labeledExpand = (prk: Uint8Array, label: string, info: Uint8Array) =>
    expand(
      sha256,
      prk,
      concatBytes(Uint8Array.of(0, 32), HPKE, suite, utf8ToBytes(label), info),
      32,
    );
  const combine = (agreed: Uint8Array, enc: Uint8Array, publicKey: Uint8Array) =>
    labeledExpand(labeledExtract("eae_prk", agreed), "shared_secret", concatBytes(enc, publicKey));
  return {
    id: 0x0020,
    publicKeyBytes: 32,
    secretKeyBytes: 32,
    async deriveKeyPair(ikm) {
      const secretKey = labeledExpand(labeledExtract("dkp_prk", ikm), "sk", EMPTY);
      return { secretKey, publicKey: await curves.publicKey(secretKey) };
    },
    async encapsulate(publicKey) {
      const ephemeral = randomBytes(32);
      const [enc, agreed] = await Promise.all([
        curves.publicKey(ephemeral),
        curves.agree(ephemeral, publicKey),
      ]);
      return { enc, shared: combine(agreed, enc, publicKey) };
    },
    async decapsulate(secretKey, enc) {
      const [agreed, publicKey] = await Promise.all([
        curves.agree(secretKey, enc),
        curves.publicKey(secretKey),
      ]);
      return combine(agreed, enc, publicKey);
    },
  };
}

/** X-Wing: ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem §5). The secret key is the seed. */
export function xWingKem(curves: Curves): Kem {
  const open = async (seed: Uint8Array) => {
    const expanded = shake256(seed, { dkLen: 96 });
    const lattice = ml_kem768.keygen(expanded.subarray(0, 64));
    const secretX = expanded.slice(64);
    return { lattice, secretX, publicX: await curves.publicKey(secretX) };
  };
  const combine = (m: Uint8Array, x: Uint8Array, encX: Uint8Array, publicX: Uint8Array) =>
    sha3_256(concatBytes(m, x, encX, publicX, XWING_LABEL));
  return {
    id: 0x647a,
    publicKeyBytes: LATTICE_PUBLIC + 32,
    secretKeyBytes: 32,
    async deriveKeyPair(ikm) {
      const secretKey = shake256(ikm, { dkLen: 32 });
      const { lattice, publicX } = await open(secretKey);
      return { secretKey, publicKey: concatBytes(lattice.publicKey, publicX) };
    },
    async encapsulate(publicKey) {
      const publicX = publicKey.slice(LATTICE_PUBLIC);
      const ephemeral = randomBytes(32);
      const [encX, x] = await Promise.all([
        curves.publicKey(ephemeral),
        curves.agree(ephemeral, publicX),
      ]);
      const m = ml_kem768.encapsulate(publicKey.slice(0, LATTICE_PUBLIC));
      return {
        enc: concatBytes(m.cipherText, encX),
        shared: combine(m.sharedSecret, x, encX, publicX),
      };
    },
    async decapsulate(secretKey, enc) {
      if (enc.length !== LATTICE_ENC + 32) throw new RangeError("no X-Wing encapsulation");
      const { lattice, secretX, publicX } = await open(secretKey);
      const encX = enc.slice(LATTICE_ENC);
      const x = await curves.agree(secretX, encX);
      const m = ml_kem768.decapsulate(enc.slice(0, LATTICE_ENC), lattice.secretKey);
      return combine(m, x, encX, publicX);
    },
  };
}

const EMPTY = new Uint8Array(0);
const HPKE = utf8ToBytes("HPKE-v1");
const LATTICE_PUBLIC = 1184;
const LATTICE_ENC = 1088;
const XWING_LABEL = utf8ToBytes("\\.//^\\");

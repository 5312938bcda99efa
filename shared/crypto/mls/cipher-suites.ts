import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { randomBytes } from "@noble/hashes/utils.js";
import type { CiphersuiteImpl, CiphersuiteName } from "ts-mls";
import { constantTimeEqual } from "ts-mls/util/constantTimeCompare.js";
import { nativeCrypto, type NativeCrypto } from "../native-crypto.ts";
import { aesGcm, type Aead } from "./aead.ts";
import { bestCurves, portableCurves, type Curves } from "./curves.ts";
import { makeHashes, type Hashes } from "./hashes.ts";
import { makeHpke } from "./hpke.ts";
import { x25519Kem, xWingKem, type Kem } from "./kem.ts";
import type { MlsSuite } from "./mls-types.ts";

/** As the library names them. */
export const SUITE_NAMES: Readonly<Record<MlsSuite, CiphersuiteName>> = {
  classic: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
  hybrid: "MLS_256_XWING_AES256GCM_SHA512_Ed25519",
};

/** @returns undefined for a suite that is not one of ours */
export function suiteNamed(name: string): MlsSuite | undefined {
  if (name === SUITE_NAMES.classic) return "classic";
  return name === SUITE_NAMES.hybrid ? "hybrid" : undefined;
}

/** A suite's primitives: as the library asks for them, and without its promises. */
export interface CipherSuite extends CiphersuiteImpl {
  readonly direct: DirectPrimitives;
}

/** What messages are sealed and opened with. */
export interface DirectPrimitives {
  readonly hashes: Hashes;
  readonly aead: Aead;
  readonly aeadKeyBytes: number;
  readonly curves: Pick<Curves, "sign" | "verify">;
}

/** Both suites over the primitives of one host. */
export type CipherSuites = Readonly<Record<MlsSuite, CipherSuite>>;

/**
 * The primitives of MLS. Where the host has its own code (Node), that does nearly all. Else hashes,
 * HMAC, HKDF and small AES-GCM are plain JavaScript: WebCrypto takes longer to import a key than these
 * take in all. Signatures and X25519 are WebCrypto's where it is there, ten times faster; a page that
 * came by plain http has none.
 * @param subtle `crypto.subtle`
 */
export async function makeCipherSuites(
  subtle: SubtleCrypto | undefined,
  native?: NativeCrypto,
): Promise<CipherSuites> {
  const best = await bestCurves(subtle);
  const curves = native ? { ...best, sign: native.sign, verify: native.verify } : best;
  const aead = aesGcm(best === portableCurves ? undefined : subtle, native);
  return {
    classic: makeSuite("classic", x25519Kem(curves), {
      hashes: makeHashes("sha256", native),
      aead,
      aeadKeyBytes: 16,
      curves,
    }),
    hybrid: makeSuite("hybrid", xWingKem(curves), {
      hashes: makeHashes("sha512", native),
      aead,
      aeadKeyBytes: 32,
      curves,
    }),
  };
}

/** This host's, made at the first use: trying what it can takes some milliseconds. */
export function cipherSuites(): Promise<CipherSuites> {
  const native = nativeCrypto();
  if (HOST.made === undefined || HOST.made.native !== native) {
    HOST.made = { native, suites: makeCipherSuites(crypto.subtle, native) };
  }
  return HOST.made.suites;
}

/** A memo and nothing else: what is in it depends on the host alone. */
const HOST: { made?: { native: NativeCrypto | undefined; suites: Promise<CipherSuites> } } = {};

function makeSuite(suite: MlsSuite, kem: Kem, direct: DirectPrimitives): CipherSuite {
  const { hashes, aead, aeadKeyBytes: keyBytes, curves } = direct;
  return {
    name: SUITE_NAMES[suite],
    direct,
    hash: {
      digest: async (data) => hashes.digest(data),
      mac: async (key, data) => macOnce(hashes, key, data),
      verifyMac: async (key, mac, data) => constantTimeEqual(mac, macOnce(hashes, key, data)),
    },
    kdf: {
      size: hashes.outputBytes,
      extract: async (salt, ikm) => hashes.extract(salt, ikm),
      expand: async (prk, info, length) => hashes.expand(prk, info, length),
    },
    hpke: makeHpke({
      kem,
      kdf: suite === "hybrid" ? { id: 3, hash: sha512 } : { id: 1, hash: sha256 },
      aead: { id: keyBytes === 32 ? 2 : 1, keyBytes, cipher: aead },
    }),
    signature: {
      sign: async (secretKey, message) => curves.sign(secretKey, message),
      verify: async (publicKey, message, signature) => curves.verify(publicKey, message, signature),
      async keygen() {
        const signKey = randomBytes(32);
        return { signKey, publicKey: ed25519.getPublicKey(signKey) };
      },
    },
    rng: { randomBytes: pooledRandomBytes },
  };
}

/** Bytes drawn at once: asking the host costs more than the bytes. */
const POOL_BYTES = 1024;
const POOL = { bytes: new Uint8Array(POOL_BYTES), used: POOL_BYTES };

/** Each byte is handed out once, and not kept. */
function pooledRandomBytes(length: number): Uint8Array {
  if (length > POOL_BYTES) return randomBytes(length);
  if (POOL.used + length > POOL_BYTES) {
    POOL.bytes.set(randomBytes(POOL_BYTES));
    POOL.used = 0;
  }
  const end = POOL.used + length;
  const bytes = POOL.bytes.slice(POOL.used, end);
  POOL.bytes.fill(0, POOL.used, end);
  POOL.used = end;
  return bytes;
}

function macOnce(hashes: Hashes, key: Uint8Array, data: Uint8Array): Uint8Array {
  const mac = hashes.mac(key);
  const digest = mac.digest(data);
  mac.destroy();
  return digest;
}

import { ed25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { randomBytes, type CHash } from "@noble/hashes/utils.js";
import type { CiphersuiteImpl, CiphersuiteName } from "ts-mls";
import { constantTimeEqual } from "ts-mls/util/constantTimeCompare.js";
import { aesGcm } from "./aead.ts";
import { bestCurves, portableCurves, type Curves } from "./curves.ts";
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

/** Both suites over the primitives of one host. */
export type CipherSuites = Readonly<Record<MlsSuite, CiphersuiteImpl>>;

/**
 * The primitives of MLS, for Node and browsers. Hashes, HMAC, HKDF and small AES-GCM are plain
 * JavaScript: WebCrypto takes longer to import a key than these take in all. Signatures and X25519
 * are WebCrypto's where it is there, ten times faster; a page that came by plain http has none.
 * @param subtle `crypto.subtle`
 */
export async function makeCipherSuites(subtle: SubtleCrypto | undefined): Promise<CipherSuites> {
  const curves = await bestCurves(subtle);
  const native = curves === portableCurves ? undefined : subtle;
  return {
    classic: makeSuite("classic", curves, x25519Kem(curves), sha256, 16, native),
    hybrid: makeSuite("hybrid", curves, xWingKem(curves), sha512, 32, native),
  };
}

/** This host's, made at the first use: trying what it can takes some milliseconds. */
export function cipherSuites(): Promise<CipherSuites> {
  HOST.suites ??= makeCipherSuites(crypto.subtle);
  return HOST.suites;
}

/** A memo and nothing else: what is in it depends on the host alone. */
const HOST: { suites?: Promise<CipherSuites> } = {};

function makeSuite(
  suite: MlsSuite,
  curves: Curves,
  kem: Kem,
  hash: CHash,
  keyBytes: 16 | 32,
  subtle: SubtleCrypto | undefined,
): CiphersuiteImpl {
  return {
    name: SUITE_NAMES[suite],
    hash: {
      digest: async (data) => hash(data),
      mac: async (key, data) => hmac(hash, key, data),
      verifyMac: async (key, mac, data) => constantTimeEqual(mac, hmac(hash, key, data)),
    },
    kdf: {
      size: hash.outputLen,
      extract: async (salt, ikm) => extract(hash, ikm, salt),
      expand: async (prk, info, length) => expand(hash, prk, info, length),
    },
    hpke: makeHpke({
      kem,
      kdf: { id: hash === sha512 ? 3 : 1, hash },
      aead: { id: keyBytes === 32 ? 2 : 1, keyBytes, cipher: aesGcm(subtle) },
    }),
    signature: {
      sign: async (secretKey, message) => curves.sign(secretKey, message),
      verify: async (publicKey, message, signature) => curves.verify(publicKey, message, signature),
      async keygen() {
        const signKey = randomBytes(32);
        return { signKey, publicKey: ed25519.getPublicKey(signKey) };
      },
    },
    rng: { randomBytes },
  };
}

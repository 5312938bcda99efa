import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { verify } from "../identity.ts";

/** Ed25519 and X25519 by raw 32-byte keys. */
export interface Curves {
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** False also for a key or a signature that is none. */
  verify(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean | Promise<boolean>;
  /** @throws Error for a low-order point (RFC 7748 §6.1) */
  agree(secretKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array>;
  /** X25519's public key. */
  publicKey(secretKey: Uint8Array): Promise<Uint8Array>;
}

/** Everywhere, and about ten times slower than native code. */
export const portableCurves: Curves = {
  sign: (secretKey, message) => ed25519.sign(message, secretKey),
  verify: (publicKey, message, signature) => verify(publicKey, message, signature),
  agree: async (secretKey, publicKey) => x25519.getSharedSecret(secretKey, publicKey),
  publicKey: async (secretKey) => x25519.getPublicKey(secretKey),
};

/**
 * By WebCrypto. Keys are imported once for each array that holds one: MLS hands in the same arrays
 * again and again, and an import costs as much as a signature.
 */
function nativeCurves(subtle: SubtleCrypto): Curves {
  const signing = new WeakMap<Uint8Array, Promise<CryptoKey>>();
  const verifying = new WeakMap<Uint8Array, Promise<CryptoKey>>();
  const agree = async (secretKey: Uint8Array, publicKey: Uint8Array) => {
    const [own, other] = await Promise.all([
      subtle.importKey("pkcs8", pkcs8("X25519", secretKey), "X25519", false, ["deriveBits"]),
      subtle.importKey("raw", publicKey, "X25519", false, []),
    ]);
    return new Uint8Array(await subtle.deriveBits({ name: "X25519", public: other }, own, 256));
  };
  return {
    async sign(secretKey, message) {
      const key = remembered(signing, secretKey, () =>
        subtle.importKey("pkcs8", pkcs8("Ed25519", secretKey), "Ed25519", false, ["sign"]),
      );
      return new Uint8Array(await subtle.sign("Ed25519", await key, message));
    },
    async verify(publicKey, message, signature) {
      try {
        const key = remembered(verifying, publicKey, () =>
          subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]),
        );
        return await subtle.verify("Ed25519", await key, signature, message);
      } catch {
        // WebCrypto throws for bytes that are no key: nobody can have signed with it.
        return false;
      }
    },
    agree,
    publicKey: async (secretKey) => agree(secretKey, BASE_POINT),
  };
}

/** Native where this host can, told by trying both curves. */
export async function bestCurves(subtle: SubtleCrypto | undefined): Promise<Curves> {
  if (subtle === undefined) return portableCurves;
  const native = nativeCurves(subtle);
  try {
    const secretKey = new Uint8Array(32).fill(1);
    await native.publicKey(secretKey);
    const message = new Uint8Array(1);
    const signature = await native.sign(secretKey, message);
    const isSound = await native.verify(ed25519.getPublicKey(secretKey), message, signature);
    return isSound ? native : portableCurves;
  } catch {
    // An older browser, without these curves.
    return portableCurves;
  }
}

const BASE_POINT = Uint8Array.from([9, ...new Uint8Array(31)]);

/** RFC 8410 §7: the seed inside PKCS #8, version 0. */
function pkcs8(curve: "Ed25519" | "X25519", secretKey: Uint8Array): Uint8Array {
  const oid = [0x06, 0x03, 0x2b, 0x65, curve === "Ed25519" ? 0x70 : 0x6e];
  const head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, ...oid, 0x04, 0x22, 0x04, 0x20];
  return concatBytes(Uint8Array.from(head), secretKey);
}

function remembered<Key extends object, Value>(
  map: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

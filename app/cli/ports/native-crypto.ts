import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hash,
  sign,
  verify,
  type CipherChaCha20Poly1305,
  type CipherGCM,
  type DecipherChaCha20Poly1305,
  type DecipherGCM,
  type KeyObject,
} from "node:crypto";
import { freeBytes, type HashName, type NativeCrypto } from "../../../shared/crypto/index.ts";

const TAG = { authTagLength: 16 };
const CHACHA = "chacha20-poly1305";

/**
 * By OpenSSL, at once. Keys are wrapped in key objects even where raw bytes would do: Node 24 takes
 * 10 µs and more to find out that an array is none.
 */
export const nodeCrypto: NativeCrypto = {
  digest: (name, data) => plain(hash(name, data, "buffer")),
  sha256() {
    const made = createHash("sha256");
    return { update: (bytes) => void made.update(bytes), digest: () => plain(made.digest()) };
  },
  mac(name: HashName, key) {
    const secret = createSecretKey(key);
    return {
      digest: (data) => plain(createHmac(name, secret).update(data).digest()),
      // OpenSSL overwrites the key when the object is collected.
      destroy: () => undefined,
    };
  },
  encryptAesGcm: (key, nonce, additional, plaintext) =>
    encrypt(createCipheriv(gcmOf(key), createSecretKey(key), nonce), additional, plaintext),
  decryptAesGcm: (key, nonce, additional, ciphertext) =>
    decrypt(createDecipheriv(gcmOf(key), createSecretKey(key), nonce, TAG), additional, ciphertext),
  chaCha(key) {
    const secret = createSecretKey(key);
    return {
      encrypt: (nonce, additional, plaintext, into) =>
        encrypt(createCipheriv(CHACHA, secret, nonce, TAG), additional, plaintext, into),
      decrypt: (nonce, additional, ciphertext) =>
        decrypt(createDecipheriv(CHACHA, secret, nonce, TAG), additional, ciphertext),
    };
  },
  sign: (secretKey, message) =>
    plain(sign(null, message, remembered(signing, secretKey, privateKey))),
  verify(publicKey, message, signature) {
    try {
      return verify(null, message, remembered(verifying, publicKey, rawPublicKey), signature);
    } catch {
      // OpenSSL throws for bytes that are no key: nobody can have signed with it.
      return false;
    }
  },
};

/** Made once for each array that holds one: MLS hands in the same arrays again and again. */
const signing = new WeakMap<Uint8Array, KeyObject>();
const verifying = new WeakMap<Uint8Array, KeyObject>();

function remembered(
  known: WeakMap<Uint8Array, KeyObject>,
  bytes: Uint8Array,
  make: (bytes: Uint8Array) => KeyObject,
): KeyObject {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const key = make(bytes);
  known.set(bytes, key);
  return key;
}

/** RFC 8410 §7: the seed inside PKCS #8, version 0. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
/** RFC 8410 §4. */
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");

function privateKey(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([PKCS8_HEAD, seed]);
  const made = createPrivateKey({ key, format: "der", type: "pkcs8" });
  key.fill(0);
  return made;
}

function rawPublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, bytes]), format: "der", type: "spki" });
}

/** A Buffer's `slice` is no copy: it must not pass for a plain array. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function gcmOf(key: Uint8Array): "aes-128-gcm" | "aes-256-gcm" {
  return key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
}

function encrypt(
  cipher: CipherGCM | CipherChaCha20Poly1305,
  additional: Uint8Array,
  plaintext: Uint8Array,
  into?: Uint8Array,
): Uint8Array {
  const length = plaintext.length + TAG.authTagLength;
  const sealed = into ?? new Uint8Array(length);
  if (sealed.length !== length) throw new RangeError(`the result has ${length} bytes`);
  cipher.setAAD(additional, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  sealed.set(ciphertext);
  freeBytes(ciphertext);
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

function decrypt(
  decipher: DecipherGCM | DecipherChaCha20Poly1305,
  additional: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const end = ciphertext.length - TAG.authTagLength;
  if (end < 0) throw new RangeError("no tag");
  decipher.setAAD(additional, { plaintextLength: end });
  decipher.setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(0, end));
  decipher.final();
  return plain(plaintext);
}

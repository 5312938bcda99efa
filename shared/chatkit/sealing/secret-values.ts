import {
  decodeBase64,
  encodeBase64,
  KEY_BYTES,
  NONCE_BYTES,
  openContent,
  sealContent,
} from "../../crypto/index.ts";
import type { KeyProtector, Random } from "../ports.ts";
import { StoreError, type Store } from "../store.ts";

const DATA_KEY = "secrets/data-key";
const PROTECTED = "protected:";
const PLAIN = "plain:";

/**
 * Secrets among the store's values: each is sealed by XChaCha20-Poly1305 under one data key of the
 * account, bound to its name, so that no value can stand in another's place. The data key is kept in
 * the store: protected by the operating system where the host has a `KeyProtector`, as it is where it
 * has none. One key asks the operating system once for each opening, not once for each secret.
 */
export class SecretValues {
  readonly #key: Uint8Array;
  readonly #random: Random;
  readonly #encoder = new TextEncoder();

  /**
   * Reads the data key, or makes one. One that was kept as it is becomes protected as soon as the host
   * can do that.
   * @throws StoreError; `forbidden` where the operating system does not give the key
   */
  static async open(options: {
    readonly store: Store;
    readonly random: Random;
    readonly keyProtector?: KeyProtector | undefined;
  }): Promise<SecretValues> {
    const { keyProtector, random, store } = options;
    const saved = await store.value(DATA_KEY);
    if (saved?.startsWith(PROTECTED) === true) {
      const key = await unprotect(decoded(saved.slice(PROTECTED.length)), keyProtector);
      return new SecretValues(key, random);
    }
    const key = saved === undefined ? random.bytes(KEY_BYTES) : decoded(saved.slice(PLAIN.length));
    if (key.length !== KEY_BYTES) throw damaged();
    if (saved === undefined || keyProtector !== undefined) {
      const value = await kept(key, keyProtector);
      if (value !== saved) await store.commit([{ type: "put-value", key: DATA_KEY, value }]);
    }
    return new SecretValues(key, random);
  }

  private constructor(key: Uint8Array, random: Random) {
    this.#key = key;
    this.#random = random;
  }

  /** @param name the key under which the value will be stored */
  seal(name: string, secret: Uint8Array): string {
    const nonce = this.#random.bytes(NONCE_BYTES);
    return encodeBase64(sealContent(this.#key, nonce, this.#encoder.encode(name), secret));
  }

  /** @returns undefined where the text is not what was sealed under that name */
  open(name: string, sealed: string): Uint8Array | undefined {
    let bytes: Uint8Array;
    try {
      bytes = decodeBase64(sealed);
    } catch {
      // Not base64: nothing that `seal` has made.
      return undefined;
    }
    return openContent(this.#key, this.#encoder.encode(name), bytes);
  }
}

/** Where the operating system refuses to protect, the key is kept as it is: better than no account. */
async function kept(key: Uint8Array, keyProtector: KeyProtector | undefined): Promise<string> {
  if (keyProtector === undefined) return PLAIN + encodeBase64(key);
  try {
    return PROTECTED + encodeBase64(await keyProtector.protect(key));
  } catch {
    return PLAIN + encodeBase64(key);
  }
}

async function unprotect(
  sealed: Uint8Array,
  keyProtector: KeyProtector | undefined,
): Promise<Uint8Array> {
  if (keyProtector === undefined) {
    throw new StoreError("forbidden", "The account's keys need the operating system's protection.");
  }
  let key: Uint8Array;
  try {
    key = await keyProtector.unprotect(sealed);
  } catch (cause) {
    throw new StoreError("forbidden", "The operating system did not open the account's keys.", {
      cause,
    });
  }
  if (key.length !== KEY_BYTES) throw damaged();
  return key;
}

function decoded(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (cause) {
    throw new StoreError("damaged", "The key of the account's secrets is damaged.", { cause });
  }
}

function damaged(): StoreError {
  return new StoreError("damaged", "The key of the account's secrets is damaged.");
}

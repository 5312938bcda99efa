import Dexie, { type Table } from "dexie";
import type { KeyProtector } from "../../../shared/chatkit/ports.ts";
import { decodeBase64, encodeBase64 } from "../../../shared/crypto/index.ts";
import type { BeelineBridge } from "../../preload/bridge.ts";

/** The desktop app's: the operating system keeps the key, in the main process. */
export function createBridgeKeyProtector(
  bridge: Pick<BeelineBridge, "protectKey" | "unprotectKey">,
): KeyProtector {
  return {
    async protect(secret) {
      const sealed = await bridge.protectKey(encodeBase64(secret));
      if (sealed === undefined) throw new Error("The operating system has no place for keys.");
      return decodeBase64(sealed);
    },
    async unprotect(sealed) {
      return decodeBase64(await bridge.unprotectKey(encodeBase64(sealed)));
    },
  };
}

const DATABASE = "beeline-key-protector";
const NONCE_BYTES = 12;
const AES = "AES-GCM";

/**
 * A browser's: an AES-256-GCM key that the browser keeps and never gives out, not even to this page
 * (a non-extractable CryptoKey in IndexedDB). Whoever copies the history's files without the
 * browser's own key store gets no device key with them. Undefined where the page is not a secure
 * context (plain http on a LAN): such a page has no WebCrypto.
 */
export function createWebKeyProtector(): KeyProtector | undefined {
  // Declared as always there; on an insecure page it is not.
  const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle;
  if (subtle === undefined) return undefined;
  let key: Promise<CryptoKey> | undefined;
  const keyOf = (): Promise<CryptoKey> => {
    key ??= loadKey(subtle).catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    return key;
  };
  return {
    async protect(secret) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const plain = Uint8Array.from(secret);
      const sealed = await subtle.encrypt({ name: AES, iv }, await keyOf(), plain);
      return Uint8Array.of(...iv, ...new Uint8Array(sealed));
    },
    async unprotect(sealed) {
      const iv = Uint8Array.from(sealed.subarray(0, NONCE_BYTES));
      const body = Uint8Array.from(sealed.subarray(NONCE_BYTES));
      return new Uint8Array(await subtle.decrypt({ name: AES, iv }, await keyOf(), body));
    },
  };
}

interface KeyRow {
  readonly id: 1;
  readonly key: CryptoKey;
}

/** The browser's one key, made at the first use. Two windows that ask at once get the same. */
async function loadKey(subtle: SubtleCrypto): Promise<CryptoKey> {
  const database = new Dexie(DATABASE);
  database.version(1).stores({ keys: "id" });
  const keys: Table<KeyRow, number> = database.table("keys");
  try {
    const known = await keys.get(1);
    if (known !== undefined) return known.key;
    // Outside of the transaction: IndexedDB does not wait for WebCrypto.
    const made = await subtle.generateKey({ name: AES, length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    return await database.transaction("rw", keys, async () => {
      const meanwhile = await keys.get(1);
      if (meanwhile !== undefined) return meanwhile.key;
      await keys.add({ id: 1, key: made });
      return made;
    });
  } finally {
    database.close();
  }
}

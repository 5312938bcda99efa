import { sha256 } from "@noble/hashes/sha2.js";
import { nativeCrypto, type Hasher } from "./native-crypto.ts";

/** SHA-256 (FIPS 180-4) of something that comes in pieces. */
export function sha256Hasher(): Hasher {
  const native = nativeCrypto();
  if (native !== undefined) return native.sha256();
  const hash = sha256.create();
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

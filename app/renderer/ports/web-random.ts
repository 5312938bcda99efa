import type { Random } from "../../../shared/chatkit/ports.ts";

/** More in one call is refused (Web Cryptography §10.1.1). */
const MAX_BYTES_PER_CALL = 65_536;

/** The browser's generator; present in insecure contexts too, unlike `crypto.subtle`. */
export const webRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += MAX_BYTES_PER_CALL) {
      crypto.getRandomValues(bytes.subarray(at, at + MAX_BYTES_PER_CALL));
    }
    return bytes;
  },
};

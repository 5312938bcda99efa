import { decodeBase64 } from "../../crypto/index.ts";

/**
 * Bytes that came by the wire. Base64 whose last bits are not zero passes the wire's schema and is
 * nobody's encoding: it reads as no bytes, which every reader of MLS messages refuses.
 */
export function foreignBytes(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch {
    return new Uint8Array(0);
  }
}

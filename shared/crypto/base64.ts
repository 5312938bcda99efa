import { base64, base64urlnopad } from "@scure/base";

/** Standard base64 with padding (RFC 4648 §4), as the wire's `Base64`. */
export function encodeBase64(bytes: Uint8Array): string {
  return base64.encode(bytes);
}

/** @throws Error for anything that is not standard base64 with padding */
export function decodeBase64(text: string): Uint8Array {
  return base64.decode(text);
}

/** As it stands in links: base64url without padding (RFC 4648 §5). @throws Error for anything else */
export function decodeBase64Url(text: string): Uint8Array {
  return base64urlnopad.decode(text);
}

/** As it stands in links: base64url without padding (RFC 4648 §5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** The bytes of a wire field that is known to be base64. By Node's own codec: some have megabytes. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

/** Standard base64 with padding, as the wire's `Base64`. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

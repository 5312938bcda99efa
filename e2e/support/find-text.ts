/**
 * Looks for a text in bytes: as it is, in UTF-16, hexadecimal, and base64 of either alphabet at any
 * alignment. @returns the encoding in which it was found
 */
export function findText(
  bytes: Buffer,
  text: string,
): "utf8" | "utf16le" | "hex" | "base64" | undefined {
  const plain = Buffer.from(text);
  if (bytes.includes(plain)) return "utf8";
  if (bytes.includes(Buffer.from(text, "utf16le"))) return "utf16le";
  const hex = plain.toString("hex");
  if (bytes.includes(hex) || bytes.includes(hex.toUpperCase())) return "hex";
  for (const alphabet of ["base64", "base64url"] as const) {
    for (const shift of [0, 1, 2]) {
      // Only the characters that depend on nothing but the text: those at its edges mix with others.
      const encoded = Buffer.concat([Buffer.alloc(shift), plain]).toString(alphabet);
      const first = Math.ceil((shift * 8) / 6);
      const last = Math.floor(((shift + plain.length) * 8) / 6);
      if (bytes.includes(encoded.slice(first, last))) return "base64";
    }
  }
  return undefined;
}

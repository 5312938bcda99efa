/** Not for secrets: the time it takes tells where the bytes differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** What is smaller is no reason for a garbage collection. */
const FREED_FROM_BYTES = 4096;

/**
 * Gives the memory of something large back at once. It lies outside of the heap: to find out that
 * nobody needs it any more, a garbage collection goes through all that the program has, and a stream
 * of chunks asks for many of them. Only for bytes that nobody else holds; a part of more stays.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < FREED_FROM_BYTES || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The order of byte strings, for sorting: negative where `a` comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (const [index, byte] of a.entries()) {
    const difference = byte - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

import type { Random } from "../../shared/chatkit/ports.ts";

/** Bytes drawn at once: a call into the host's generator costs more than the bytes. */
const POOL_BYTES = 4096;

/**
 * Random bytes out of a pool that `fill` fills from a secure source, at most `POOL_BYTES` at a
 * time. Each byte is handed out once, and what was handed out is not kept.
 */
export function pooledRandom(fill: (bytes: Uint8Array<ArrayBuffer>) => void): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;

  function take(target: Uint8Array<ArrayBuffer>): void {
    if (used + target.length > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const end = used + target.length;
    target.set(pool.subarray(used, end));
    pool.fill(0, used, end);
    used = end;
  }

  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += POOL_BYTES) {
        const part = bytes.subarray(at, at + POOL_BYTES);
        if (part.length === POOL_BYTES) fill(part);
        else take(part);
      }
      return bytes;
    },
  };
}

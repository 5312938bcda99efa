import { encodeEnvelopeHeader, ID_BYTES, type EnvelopeHeader } from "../../protocol/index.ts";
import { SEAL_OVERHEAD_BYTES, WRAPPED_KEY_BYTES } from "../../crypto/index.ts";

const VERSION = 1;
const WITH_KEY = 1;
export const KEY_ID_BYTES = 8;
const PREFIX_BYTES = 2 + KEY_ID_BYTES;

/**
 * The sealed part of an envelope (SPEC S3).
 *
 * | bytes | field |
 * | --- | --- |
 * | 1 | version, 1 |
 * | 1 | 1 where the wrapped key follows, else 0 |
 * | 8 | key id |
 * | 0 or 80 | wrapped key |
 * | … | nonce (24), ciphertext, tag (16) |
 */
export interface SealedParts {
  readonly keyId: Uint8Array;
  readonly wrapped: Uint8Array | undefined;
  readonly content: Uint8Array;
}

export function encodeSealed(parts: SealedParts): Uint8Array {
  const wrappedBytes = parts.wrapped?.length ?? 0;
  const bytes = new Uint8Array(PREFIX_BYTES + wrappedBytes + parts.content.length);
  bytes[0] = VERSION;
  bytes[1] = parts.wrapped === undefined ? 0 : WITH_KEY;
  bytes.set(parts.keyId, 2);
  if (parts.wrapped !== undefined) bytes.set(parts.wrapped, PREFIX_BYTES);
  bytes.set(parts.content, PREFIX_BYTES + wrappedBytes);
  return bytes;
}

/** Views of `bytes`, or undefined where they have another shape. */
export function decodeSealed(bytes: Uint8Array): SealedParts | undefined {
  const [version, flag] = bytes;
  if (version !== VERSION || (flag !== 0 && flag !== WITH_KEY)) return undefined;
  const start = PREFIX_BYTES + (flag === WITH_KEY ? WRAPPED_KEY_BYTES : 0);
  if (bytes.length < start + SEAL_OVERHEAD_BYTES) return undefined;
  return {
    keyId: bytes.subarray(2, PREFIX_BYTES),
    wrapped: flag === WITH_KEY ? bytes.subarray(PREFIX_BYTES, start) : undefined,
    content: bytes.subarray(start),
  };
}

/** What the content is bound to: the envelope's header and the key's id. */
export function contentBinding(header: EnvelopeHeader, keyId: Uint8Array): Uint8Array {
  const head = encodeEnvelopeHeader(header);
  const bytes = new Uint8Array(head.length + KEY_ID_BYTES);
  bytes.set(head);
  bytes.set(keyId, head.length);
  return bytes;
}

/** What a wrapped key is bound to: conversation, sender, recipient and the key's id. */
export function keyBinding(header: EnvelopeHeader, keyId: Uint8Array): Uint8Array {
  // The last three ids of the header, as they stand there; sequence and message id left out.
  const ids = encodeEnvelopeHeader(header).subarray(-3 * ID_BYTES);
  const bytes = new Uint8Array(ids.length + KEY_ID_BYTES);
  bytes.set(ids);
  bytes.set(keyId, ids.length);
  return bytes;
}

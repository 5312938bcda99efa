import { ID_BYTES, decodeId, type EnvelopeHeader } from "../../protocol/index.ts";

const VERSION = 1;

/** What of an envelope's header is the same for all its recipients, and therefore authenticated. */
export type BoundHeader = Pick<EnvelopeHeader, "id" | "conversationId" | "from" | "sequence">;

/**
 * The additional data (RFC 9420 §6.3.1, authenticated_data) of a message. Big-endian.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | version, 1 |
 * | 1 | 4 | sequence |
 * | 5 | 16 | id |
 * | 21 | 16 | conversation |
 * | 37 | 16 | from |
 */
export function encodeBinding(header: BoundHeader): Uint8Array {
  const bytes = new Uint8Array(5 + 3 * ID_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, header.sequence);
  decodeId(header.id, bytes, 5);
  decodeId(header.conversationId, bytes, 5 + ID_BYTES);
  decodeId(header.from, bytes, 5 + 2 * ID_BYTES);
  return bytes;
}

export function isBoundTo(additional: Uint8Array, header: BoundHeader): boolean {
  const expected = encodeBinding(header);
  return (
    additional.length === expected.length &&
    additional.every((byte, index) => byte === expected[index])
  );
}

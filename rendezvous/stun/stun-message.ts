import { crc32 } from "node:zlib";

/** STUN on the wire (RFC 8489 §5), as far as Binding needs it. */

const HEADER_BYTES = 20;
export const TRANSACTION_ID_BYTES = 12;
export const MAGIC_COOKIE = 0x2112_a442;

export const BINDING_REQUEST = 0x0001;
export const BINDING_SUCCESS = 0x0101;
export const BINDING_ERROR = 0x0111;

/** Attribute types (RFC 8489 §18.3). Those below 0x8000 must be understood. */
export const attributes = {
  MAPPED_ADDRESS: 0x0001,
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  UNKNOWN_ATTRIBUTES: 0x000a,
  REALM: 0x0014,
  NONCE: 0x0015,
  MESSAGE_INTEGRITY_SHA256: 0x001c,
  PASSWORD_ALGORITHM: 0x001d,
  USERHASH: 0x001e,
  XOR_MAPPED_ADDRESS: 0x0020,
  FINGERPRINT: 0x8028,
} as const;

/** A length of 4 bytes, behind the 4 of its header. */
const FINGERPRINT_BYTES = 8;
/** RFC 8489 §14.7: what tells it from a CRC that another protocol may have there. */
const FINGERPRINT_XOR = 0x5354_554e;

export interface StunAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface StunMessage {
  readonly type: number;
  readonly transactionId: Uint8Array;
  /** In their order, FINGERPRINT left out. */
  readonly attributes: readonly StunAttribute[];
  readonly hasFingerprint: boolean;
}

/**
 * Reads a datagram. Undefined for what is no STUN message, is cut short, or has a FINGERPRINT that
 * is wrong or not the last attribute. RFC 3489's messages, without the magic cookie, are none.
 */
export function decodeStun(bytes: Uint8Array): StunMessage | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length % 4 !== 0) return undefined;
  const view = viewOf(bytes);
  const type = view.getUint16(0);
  if (type >= 0x4000 || view.getUint32(4) !== MAGIC_COOKIE) return undefined;
  if (view.getUint16(2) !== bytes.length - HEADER_BYTES) return undefined;
  const found: StunAttribute[] = [];
  let hasFingerprint = false;
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const attribute = view.getUint16(at);
    const start = at + 4;
    const end = start + view.getUint16(at + 2);
    if (end > bytes.length) return undefined;
    if (attribute === attributes.FINGERPRINT) {
      if (end - start !== 4 || end !== bytes.length) return undefined;
      if (view.getUint32(start) !== fingerprintOf(bytes.subarray(0, at))) return undefined;
      hasFingerprint = true;
    } else {
      found.push({ type: attribute, value: bytes.subarray(start, end) });
    }
    at = padded(end);
  }
  const transactionId = bytes.slice(HEADER_BYTES - TRANSACTION_ID_BYTES, HEADER_BYTES);
  return { type, transactionId, attributes: found, hasFingerprint };
}

/** The datagram; with FINGERPRINT as its last attribute where asked for. */
export function encodeStun(message: StunMessage): Uint8Array {
  const { type, transactionId, attributes: sent, hasFingerprint } = message;
  const size = sent.reduce((sum, { value }) => sum + 4 + padded(value.length), HEADER_BYTES);
  const bytes = new Uint8Array(size + (hasFingerprint ? FINGERPRINT_BYTES : 0));
  const view = viewOf(bytes);
  view.setUint16(0, type);
  view.setUint16(2, bytes.length - HEADER_BYTES);
  view.setUint32(4, MAGIC_COOKIE);
  bytes.set(transactionId, HEADER_BYTES - TRANSACTION_ID_BYTES);
  let at = HEADER_BYTES;
  for (const { type: attribute, value } of sent) {
    view.setUint16(at, attribute);
    view.setUint16(at + 2, value.length);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  if (hasFingerprint) {
    view.setUint16(at, attributes.FINGERPRINT);
    view.setUint16(at + 2, 4);
    view.setUint32(at + 4, fingerprintOf(bytes.subarray(0, at)));
  }
  return bytes;
}

/** Over the message up to the attribute, whose header already counts it in. */
function fingerprintOf(before: Uint8Array): number {
  return (crc32(before) ^ FINGERPRINT_XOR) >>> 0;
}

/** Attributes end at multiples of four bytes. */
function padded(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

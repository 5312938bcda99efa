import { ipBytes, ipText } from "./ip-address.ts";
import { MAGIC_COOKIE, TRANSACTION_ID_BYTES } from "./stun-message.ts";

const FAMILY_IPV4 = 0x01;
const FAMILY_IPV6 = 0x02;

export interface TransportEnd {
  readonly address: string;
  readonly port: number;
}

/**
 * The value of XOR-MAPPED-ADDRESS (RFC 8489 §14.2): 8 bytes for IPv4, 20 for IPv6. Undefined where
 * the address is none.
 */
export function encodeXorAddress(
  { address, port }: TransportEnd,
  transactionId: Uint8Array,
): Uint8Array | undefined {
  const ip = ipBytes(address);
  if (ip === undefined) return undefined;
  const value = new Uint8Array(4 + ip.length);
  const view = new DataView(value.buffer);
  value[1] = ip.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  view.setUint16(2, port ^ (MAGIC_COOKIE >>> 16));
  value.set(xor(ip, transactionId), 4);
  return value;
}

/** Undefined where it is malformed. */
export function decodeXorAddress(
  value: Uint8Array,
  transactionId: Uint8Array,
): TransportEnd | undefined {
  const length = value.length - 4;
  const isWhole =
    (value[1] === FAMILY_IPV4 && length === 4) || (value[1] === FAMILY_IPV6 && length === 16);
  if (!isWhole) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return {
    address: ipText(xor(value.subarray(4), transactionId)),
    port: view.getUint16(2) ^ (MAGIC_COOKIE >>> 16),
  };
}

/** With the magic cookie and, for what IPv6 has more, the transaction id. */
function xor(ip: Uint8Array, transactionId: Uint8Array): Uint8Array {
  const mask = new Uint8Array(4 + TRANSACTION_ID_BYTES);
  new DataView(mask.buffer).setUint32(0, MAGIC_COOKIE);
  mask.set(transactionId, 4);
  return ip.map((byte, at) => byte ^ (mask[at] ?? 0));
}

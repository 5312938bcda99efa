import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const DOMAIN = utf8ToBytes("beeline route v1\0");

/** What a device says of the ways by which messages may go; the ids have 16 bytes each. */
export interface RouteStatement {
  /** Devices. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly policy: "automatic" | "direct-only" | "lan-only" | "relay-only";
  /** Since when, ms; a safe integer. */
  readonly at: number;
  /** The person towards whom the policy holds, where `to` is another device of the sender's account. */
  readonly about?: Uint8Array;
}

const codes = { automatic: 0, "direct-only": 1, "lan-only": 2, "relay-only": 3 } as const;

/**
 * What a device signs so that its route policy counts, told by it to that device: domain, sender,
 * recipient, a byte for the policy, the time as 8 bytes in network order, a byte that says whether a
 * person follows (0 or 1), and the person.
 */
export function routeMessage({ from, to, policy, at, about }: RouteStatement): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(at));
  const person = about ?? new Uint8Array();
  const head = Uint8Array.of(codes[policy]);
  const hasPerson = Uint8Array.of(about === undefined ? 0 : 1);
  return concatBytes(DOMAIN, from, to, head, time, hasPerson, person);
}

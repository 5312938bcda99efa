import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const DOMAIN = utf8ToBytes("beeline link v1\0");

/** A session description on its way between two devices; the ids have 16 bytes each. */
export interface LinkDescription {
  readonly linkId: Uint8Array;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly type: "offer" | "answer";
  /** As it is given to WebRTC at the other end, to the last line break. */
  readonly sdp: string;
}

/**
 * What a device signs, so that its session description counts for that attempt, from it, to that
 * device, and as it is: domain, link, sender, recipient, a byte for the type (0 offer, 1 answer), and
 * the SHA-256 of the SDP in UTF-8.
 */
export function linkDescriptionMessage({
  linkId,
  from,
  to,
  type,
  sdp,
}: LinkDescription): Uint8Array {
  const kind = Uint8Array.of(type === "offer" ? 0 : 1);
  return concatBytes(DOMAIN, linkId, from, to, kind, sha256(utf8ToBytes(sdp)));
}

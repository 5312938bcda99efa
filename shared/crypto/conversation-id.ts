import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { compareBytes } from "./bytes.ts";

const DOMAIN = utf8ToBytes("beeline direct conversation v1\0");

/**
 * The 16 bytes of the conversation of two people: SHA-256 over their ids, the smaller first, cut.
 * The same whoever computes it (SPEC C1).
 * @param userA 16 bytes @param userB 16 bytes
 */
export function directConversationBytes(userA: Uint8Array, userB: Uint8Array): Uint8Array {
  const [first, second] = compareBytes(userA, userB) <= 0 ? [userA, userB] : [userB, userA];
  return sha256(concatBytes(DOMAIN, first, second)).subarray(0, 16);
}

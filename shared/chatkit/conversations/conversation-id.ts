import * as v from "valibot";
import { ConversationId, decodeId, encodeId, ID_BYTES, type UserId } from "../../protocol/index.ts";
import { directConversationBytes } from "../../crypto/index.ts";

/** The conversation of two people: the same from both ends, and on all their devices (SPEC C1). */
export function directConversationId(a: UserId, b: UserId): ConversationId {
  return v.parse(ConversationId, encodeId(directConversationBytes(bytesOf(a), bytesOf(b))));
}

function bytesOf(id: UserId): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES);
  decodeId(id, bytes);
  return bytes;
}

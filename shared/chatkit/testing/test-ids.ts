import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  encodeId,
  ID_BYTES,
  LinkId,
  UserId,
} from "../../protocol/index.ts";

// Ids made of one number sort as their numbers do, up to 100. `more`: up to 255, where many are needed.
function text(n: number, more = 0): string {
  const bytes = new Uint8Array(ID_BYTES);
  bytes[0] = n;
  bytes[1] = more;
  return encodeId(bytes);
}

export function userIdOf(n: number, more = 0): UserId {
  return v.parse(UserId, text(n, more));
}

export function deviceIdOf(n: number, more = 0): DeviceId {
  return v.parse(DeviceId, text(n, more));
}

export function linkIdOf(n: number): LinkId {
  return v.parse(LinkId, text(n));
}

export function conversationIdOf(n: number): ConversationId {
  return v.parse(ConversationId, text(n));
}

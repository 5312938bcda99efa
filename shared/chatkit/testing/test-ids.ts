import * as v from "valibot";
import { DeviceId, encodeId, ID_BYTES, LinkId, UserId } from "../../protocol/index.ts";

// Ids made of one number sort as their numbers do, up to 100.
function text(n: number): string {
  const bytes = new Uint8Array(ID_BYTES);
  bytes[0] = n;
  return encodeId(bytes);
}

export function userIdOf(n: number): UserId {
  return v.parse(UserId, text(n));
}

export function deviceIdOf(n: number): DeviceId {
  return v.parse(DeviceId, text(n));
}

export function linkIdOf(n: number): LinkId {
  return v.parse(LinkId, text(n));
}

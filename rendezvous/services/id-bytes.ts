import * as v from "valibot";
import { decodeId, encodeId, ID_BYTES, UserId } from "../../shared/protocol/index.ts";

/** The 16 bytes that an id stands for. */
export function idBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES);
  decodeId(id, bytes);
  return bytes;
}

/** @param bytes 16 bytes */
export function userIdOf(bytes: Uint8Array): UserId {
  return v.parse(UserId, encodeId(bytes));
}

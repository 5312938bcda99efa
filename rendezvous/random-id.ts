import { randomBytes } from "node:crypto";
import { encodeId, ID_BYTES } from "../shared/protocol/index.ts";

/** The text of a new id (128 random bits); its schema gives it its type. */
export function randomId(): string {
  return encodeId(randomBytes(ID_BYTES));
}

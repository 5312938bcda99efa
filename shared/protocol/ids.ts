import * as v from "valibot";

/** Bytes in every identifier. Random ones cannot be guessed and need no coordination. */
export const ID_BYTES = 16;

// 16 bytes are 22 base64url characters; the last carries 2 bits only, hence its four values.
const idSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, "not a 16-byte base64url id"),
);

/** An account. Assigned by the server. */
export const UserId = v.pipe(idSchema, v.brand("UserId"));
export type UserId = v.InferOutput<typeof UserId>;

/** One installed client of an account. Assigned by the server at the first sign-in. */
export const DeviceId = v.pipe(idSchema, v.brand("DeviceId"));
export type DeviceId = v.InferOutput<typeof DeviceId>;

/** A conversation; for two people it follows from their user ids (SPEC C1). */
export const ConversationId = v.pipe(idSchema, v.brand("ConversationId"));
export type ConversationId = v.InferOutput<typeof ConversationId>;

/** A message. Made by its sender; a receiver drops a second message with the same id. */
export const MessageId = v.pipe(idSchema, v.brand("MessageId"));
export type MessageId = v.InferOutput<typeof MessageId>;

/** A file's content. Made by its first sender; forwarded, it gets another. */
export const FileId = v.pipe(idSchema, v.brand("FileId"));
export type FileId = v.InferOutput<typeof FileId>;

/** One attempt to open a direct link between two devices. Made by the offering device. */
export const LinkId = v.pipe(idSchema, v.brand("LinkId"));
export type LinkId = v.InferOutput<typeof LinkId>;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const characters = Array.from(alphabet);
/** Values by character code. */
const values = new Uint8Array(128);
for (const [value, character] of characters.entries()) values[character.charCodeAt(0)] = value;

/** 16 bytes as the text of an id. @throws RangeError for any other length */
export function encodeId(bytes: Uint8Array): string {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes`);
  let text = "";
  let bits = 0;
  let held = 0;
  for (let at = 0; at < ID_BYTES; at++) {
    held = (held << 8) | (bytes[at] ?? 0);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += characters[(held >>> bits) & 63] ?? "";
    }
    held &= (1 << bits) - 1;
  }
  return text + (characters[(held << (6 - bits)) & 63] ?? "");
}

/** Writes an id's 16 bytes into `target` at `offset`. The text must be a valid id. */
export function decodeId(id: string, target: Uint8Array, offset = 0): void {
  let bits = 0;
  let held = 0;
  let to = offset;
  for (let at = 0; at < id.length; at++) {
    held = (held << 6) | (values[id.charCodeAt(at)] ?? 0);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      target[to++] = held >>> bits;
      held &= (1 << bits) - 1;
    }
  }
}

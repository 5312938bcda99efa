import * as v from "valibot";
import { limits } from "../../protocol/index.ts";
import { NONCE_BYTES, openContent, sealContent } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import type { Random } from "../ports.ts";
import { foreignBytes } from "../sealing/foreign-bytes.ts";
import type { GroupAbout } from "./groups-api.ts";
import { SavedAbout } from "./known-group.ts";

const DOMAIN = new TextEncoder().encode("beeline group about v1\0");
/** Padded with spaces to a multiple of this, so that its length does not tell the name. */
const PAD_TO_BYTES = 256;
const JPEG = [0xff, 0xd8, 0xff];
const RIFF = [0x52, 0x49, 0x46, 0x46];

/** Name, description and picture, for those who have the group's key. @param key 32 bytes */
export function sealAbout(
  key: Uint8Array,
  conversationId: Uint8Array,
  about: GroupAbout,
  random: Random,
): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(about));
  const padded = new Uint8Array(Math.ceil(text.length / PAD_TO_BYTES) * PAD_TO_BYTES).fill(0x20);
  padded.set(text);
  return sealContent(key, random.bytes(NONCE_BYTES), bound(conversationId), padded);
}

/** @returns undefined where the key is another, or it says nothing that can be shown */
export function openAbout(
  key: Uint8Array,
  conversationId: Uint8Array,
  sealed: Uint8Array,
): GroupAbout | undefined {
  const opened = openContent(key, bound(conversationId), sealed);
  if (opened === undefined) return undefined;
  try {
    return checkedAbout(v.parse(SavedAbout, JSON.parse(new TextDecoder().decode(opened))));
  } catch {
    // A member's program may write what it likes: there is then no name.
    return undefined;
  }
}

/**
 * As it is shown: the name in one line, without spaces around it.
 * @throws ChatKitError invalid-group
 */
export function checkedAbout({ name, description, picture }: GroupAbout): GroupAbout {
  const line = name.replaceAll(/\p{Cc}+/gu, " ").trim();
  const parsed = v.safeParse(SavedAbout, {
    name: line,
    ...(description === undefined || description.trim() === ""
      ? {}
      : { description: description.trim() }),
    ...(picture === undefined ? {} : { picture }),
  });
  if (!parsed.success || !isPicture(parsed.output.picture)) {
    throw new ChatKitError(
      "invalid-group",
      `A group has a name of at most ${limits.MAX_GROUP_NAME_LENGTH} characters, and a picture of at most ${limits.MAX_GROUP_PICTURE_BYTES} bytes.`,
    );
  }
  return parsed.output;
}

/** JPEG or WebP, by their first bytes: nothing else is shown as one. */
function isPicture(base64: string | undefined): boolean {
  if (base64 === undefined) return true;
  const bytes = foreignBytes(base64);
  return [JPEG, RIFF].some((magic) => magic.every((byte, index) => bytes[index] === byte));
}

function bound(conversationId: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DOMAIN.length + conversationId.length);
  bytes.set(DOMAIN);
  bytes.set(conversationId, DOMAIN.length);
  return bytes;
}

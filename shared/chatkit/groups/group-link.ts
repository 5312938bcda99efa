import * as v from "valibot";
import { ConversationId } from "../../protocol/index.ts";
import { decodeBase64Url, encodeBase64Url } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import { parseServerAddress } from "../connection/server-address.ts";

/** What an invitation into a group says. */
export interface GroupLink {
  /** Origin of the server that has the group. */
  readonly server: string;
  readonly conversationId: ConversationId;
  /** 32 bytes, by which one may join. */
  readonly secret: Uint8Array;
  /** 32 bytes, with which the group's name and picture are sealed. */
  readonly key: Uint8Array;
}

/** Longest text that is looked at. */
const MAX_LENGTH = 2_048;
/** 32 bytes in base64url without padding; the last character carries four bits only. */
const KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * A link as it is shared: `https://host:port/#group=ID&secret=SECRET&key=KEY`. The part after the `#`
 * never reaches a server (RFC 3986 §3.5).
 */
export function formatGroupLink({ server, conversationId, secret, key }: GroupLink): string {
  return `${server}/#group=${conversationId}&secret=${encodeBase64Url(secret)}&key=${encodeBase64Url(key)}`;
}

/** @returns undefined for anything else; fields that are not known here are left out */
export function parseGroupLink(text: string): GroupLink | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) return undefined;
  const [address, fragment] = splitAt(trimmed, "#");
  const fields = new Map(fragment.split("&").map((field) => splitAt(field, "=")));
  const conversationId = v.safeParse(ConversationId, fields.get("group"));
  const secret = keyOf(fields.get("secret"));
  const key = keyOf(fields.get("key"));
  if (!conversationId.success || secret === undefined || key === undefined) return undefined;
  const server = originOf(address.replace(/^beeline:/i, "https:"));
  if (server === undefined) return undefined;
  return { server, conversationId: conversationId.output, secret, key };
}

function originOf(address: string): string | undefined {
  try {
    return parseServerAddress(address).origin;
  } catch (error) {
    if (error instanceof ChatKitError) return undefined;
    throw error;
  }
}

function keyOf(text: string | undefined): Uint8Array | undefined {
  return text !== undefined && KEY.test(text) ? decodeBase64Url(text) : undefined;
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** What a `beeline://` link asks for. It comes from anywhere: a web page, an e-mail, a QR code. */
import * as v from "valibot";
import { parseGroupLink } from "../../../shared/chatkit/groups/group-link.ts";
import { parseInviteLink, UserName, type InviteLink } from "../../../shared/protocol/index.ts";

export type AppLink =
  /** An invitation to a server, or a server's address. */
  | { readonly kind: "invite"; readonly invite: InviteLink }
  /** The conversation with somebody on a server where one is signed in. */
  | { readonly kind: "conversation"; readonly userName: string }
  /** An invitation into a group; its text, for the engine. */
  | { readonly kind: "group"; readonly link: string };

/** Longest text that is looked at. */
const MAX_LENGTH = 2048;

/** Nothing but the name: no server, no query, no fragment that could mean something one day. */
const CONVERSATION = /^beeline:\/\/conversation\/([^/?#@:]+)\/?$/i;

/** Whatever is wrong with it, it is no invitation to a server. */
const GROUP = /[#&]group=/i;

/** Undefined for anything else, and where a part of it is malformed. */
export function parseAppLink(text: string): AppLink | undefined {
  if (text.length > MAX_LENGTH || !/^beeline:\/\//i.test(text)) return undefined;
  if (GROUP.test(text)) {
    return parseGroupLink(text) === undefined ? undefined : { kind: "group", link: text };
  }
  const escaped = CONVERSATION.exec(text)?.[1];
  if (escaped !== undefined) {
    const text = decode(escaped);
    // A form forgives spaces around a name; a link has none.
    const name = text === text?.trim() ? v.safeParse(UserName, text) : undefined;
    return name?.success ? { kind: "conversation", userName: name.output } : undefined;
  }
  const invite = parseInviteLink(text);
  return invite === undefined ? undefined : { kind: "invite", invite };
}

/** The link that opens the conversation with somebody. */
export function conversationLink(userName: string): string {
  return `beeline://conversation/${encodeURIComponent(userName)}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

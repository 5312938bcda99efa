import { parseInviteLink, type InviteLink } from "../protocol/index.ts";
import { ChatKitError } from "./api.ts";
import { parseServerAddress } from "./connection/server-address.ts";

export { formatInviteLink, type InviteLink } from "../protocol/index.ts";

/**
 * Reads what a person was given to join a server: an invitation link (`https://…` or `beeline://…`)
 * or a plain address. `server` and `pin` are for `ChatKitOptions`, `invite` is for `register`.
 * @throws ChatKitError invalid-server
 */
export function readInviteLink(text: string): InviteLink {
  const link = parseInviteLink(text.trim().replace(/^ws(?=s?:)/i, "http"));
  if (link === undefined) {
    throw new ChatKitError(
      "invalid-server",
      "This is neither an invitation link nor an address such as https://chat.example.org.",
    );
  }
  return { ...link, server: parseServerAddress(link.server).origin };
}

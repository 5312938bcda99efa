import * as v from "valibot";
import {
  encodeId,
  UserId,
  type ConversationId,
  type MembershipNote,
} from "../../protocol/index.ts";
import type { MembershipChange } from "../../crypto/index.ts";
import type { GroupNews } from "./group-directory.ts";
import type { ReadStatement } from "./log-reading.ts";

const NEWS_ID_BYTES = 16;

/** What a statement says, for the history of that conversation. */
export function newsOf(
  conversationId: ConversationId,
  { hash, statement }: ReadStatement,
): GroupNews {
  const { actor, at, change } = statement;
  const note: MembershipNote = {
    type: "membership",
    change: change.type,
    by: userIdOf(actor),
    ...detailsOf(change),
  };
  return { conversationId, id: encodeId(hash.subarray(0, NEWS_ID_BYTES)), at, note };
}

/** @param bytes 16 of them, of a log */
export function userIdOf(bytes: Uint8Array): UserId {
  return v.parse(UserId, encodeId(bytes));
}

function detailsOf(change: MembershipChange): Pick<MembershipNote, "people" | "role"> {
  switch (change.type) {
    case "found":
    case "invite":
    case "remove":
      return { people: change.members.map(userIdOf) };
    case "role":
      return { people: [userIdOf(change.member)], role: change.role };
    default:
      return {};
  }
}

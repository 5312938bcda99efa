import type { ConversationId, GroupNote, MembershipNote, UserId } from "../../protocol/index.ts";
import type { GroupStanding } from "./groups-api.ts";

/** What delivery, sealing and files need to know of groups. */
export interface GroupDirectory {
  /** Undefined for what is no group that this device knows: a conversation of two, or a stranger's. */
  get(conversationId: ConversationId): GroupFacts | undefined;
  /**
   * A message of a group says how far its sender has read its log, and brings the key of its name.
   * Never rejects: what it leads to happens in the background.
   */
  heard(conversationId: ConversationId, from: UserId, note: GroupNote): void;
  /**
   * Reads a group's log on to its end, also of one that is not known here: a message has come of it.
   * `none`: there is no such group for this account. `unreached`: the server did not tell. Never rejects.
   */
  look(conversationId: ConversationId): Promise<"known" | "none" | "unreached">;
}

export interface GroupFacts {
  readonly standing: GroupStanding;
  /** Everybody in it, this account included while it is. */
  readonly members: readonly UserId[];
  readonly note: GroupNote;
  /**
   * In it; or no more, and was when the log had `length` statements: what somebody sent before they left
   * counts, whenever it comes. For those who are in it `length` does not matter; 0 means at any time.
   */
  has(userId: UserId, length: number): boolean;
  /** Of somebody whom the group `has`, by the role that they have or left it with. */
  mayWrite(userId: UserId): boolean;
  isAdmin(userId: UserId): boolean;
}

/** A statement of a log, for the conversation's history (SPEC G): told once for each, in order. */
export interface GroupNews {
  readonly conversationId: ConversationId;
  /** SHA-256 of the statement, cut to 16 bytes: the id of its message, the same on every device. */
  readonly id: string;
  /** ms since the epoch, by its maker's clock. */
  readonly at: number;
  readonly note: MembershipNote;
}

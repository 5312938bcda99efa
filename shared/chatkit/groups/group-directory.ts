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
   * Makes a group known of which a message has come, by asking the server. False where there is no such
   * group for this account, or the server was not reached. Never rejects.
   */
  look(conversationId: ConversationId): Promise<boolean>;
}

export interface GroupFacts {
  readonly standing: GroupStanding;
  /** Everybody in it, this account included while it is. */
  readonly members: readonly UserId[];
  readonly note: GroupNote;
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

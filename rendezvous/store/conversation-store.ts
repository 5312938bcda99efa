import type { ConversationId, Profile, UserId } from "../../shared/protocol/index.ts";

/** One more statement of a group's membership log, and what it makes of the group. */
export interface MembershipStep {
  readonly conversationId: ConversationId;
  /** Statements before it. 0: it founds the group. */
  readonly after: number;
  readonly statement: Uint8Array;
  /** What the log says then, as its reader encodes it; opaque here. */
  readonly state: Uint8Array;
  /** The sealed name and picture, where the statement names them. */
  readonly about?: Uint8Array;
  readonly came: readonly UserId[];
  readonly left: readonly UserId[];
  readonly now: number;
}

/** Which part of a log an account may read: all of it, or up to the end of its own membership. */
export interface MembershipPlace {
  /** Absent while the account is in the group. Else statements, the one that ended it included. */
  readonly until?: number;
}

/** Groups of people and their membership logs (SPEC G). What a log says is checked elsewhere. */
export interface ConversationStore {
  /**
   * @throws ProtocolError conversation-exists (founded before), no-such-conversation,
   * membership-conflict (the log has another length), too-many-groups (of somebody who comes, beyond
   * `maxPerAccount`), no-such-user
   */
  append(step: MembershipStep, maxPerAccount: number): Promise<void>;
  head(
    conversationId: ConversationId,
  ): Promise<{ readonly length: number; readonly state: Uint8Array } | undefined>;
  about(conversationId: ConversationId): Promise<Uint8Array | undefined>;
  /** Undefined for whoever never was in it. */
  place(conversationId: ConversationId, userId: UserId): Promise<MembershipPlace | undefined>;
  /** Statements from index `after` on and before `until`: a page, at least one where there is one. */
  read(
    conversationId: ConversationId,
    page: { after: number; until: number; limit: number; maxBytes: number },
  ): Promise<readonly Uint8Array[]>;
  /** Those in which the account is, in the order of their making. */
  list(
    member: UserId,
    options: { after?: ConversationId; limit: number },
  ): Promise<readonly { readonly conversationId: ConversationId; readonly length: number }[]>;
  /** Everybody else who is in a group with the account. */
  companions(userId: UserId): Promise<readonly UserId[]>;
  /** Are both in one group now? */
  together(a: UserId, b: UserId): Promise<boolean>;
  /** Is or was `other` in a group, as far as `reader` may read its log? Also of a removed account. */
  inLogOf(reader: UserId, other: UserId): Promise<boolean>;
  /** Of accounts that are or were in it, as far as `reader` may read its log. */
  profiles(
    conversationId: ConversationId,
    options: { reader: UserId; userIds: readonly UserId[] },
  ): Promise<readonly Profile[]>;
  /** Removes groups without a member that have not changed since then; returns how many. */
  removeEnded(before: number): Promise<number>;
}

import type { ConversationId, UserId } from "../../protocol/index.ts";

/** Who is in the groups of more than two, as their membership logs say (SPEC G6). */
export interface MemberAccounts {
  /**
   * Everybody whose devices may be in that conversation's group, this account included while it is in
   * it. Undefined for what is no group that this device knows.
   */
  accounts(conversationId: ConversationId): ReadonlySet<UserId> | undefined;
  /**
   * Reads that group's log on, or finds out whether there is such a group. False where there is none,
   * or it was not read. Never rejects.
   */
  look(conversationId: ConversationId): Promise<boolean>;
}

/** For whoever has conversations of two alone. */
export const NO_GROUPS: MemberAccounts = {
  accounts: () => undefined,
  look: () => Promise.resolve(false),
};

import type { ConversationId, UserId } from "../../protocol/index.ts";

/** Who is in the groups of more than two, as their membership logs say (SPEC G6). */
export interface MemberAccounts {
  /**
   * Everybody whose devices may be in that conversation's group, this account included while it is in
   * it. Undefined for what is no group that this device knows.
   */
  accounts(conversationId: ConversationId): ReadonlySet<UserId> | undefined;
  /** Is, or was in it, as far as those who left are remembered. */
  wasIn(conversationId: ConversationId, userId: UserId): boolean;
  /**
   * Reads that group's log on, or finds out whether there is such a group. `unreached`: the server did
   * not tell. Never rejects.
   */
  look(conversationId: ConversationId): Promise<"known" | "none" | "unreached">;
}

/** For whoever has conversations of two alone. */
export const NO_GROUPS: MemberAccounts = {
  accounts: () => undefined,
  wasIn: () => false,
  look: () => Promise.resolve("none"),
};

import type { GroupRole, GroupSettings } from "../../crypto/index.ts";
import type { ConversationId, UserId } from "../../protocol/index.ts";
import type { Conversation } from "../api.ts";

export type { GroupRole, GroupSettings } from "../../crypto/index.ts";

/** What a group shows of itself; everybody in it may read that, the server cannot. */
export interface GroupAbout {
  /** 1 to `MAX_GROUP_NAME_LENGTH` characters, one line. */
  readonly name: string;
  readonly description?: string;
  /** JPEG or WebP in base64, at most `MAX_GROUP_PICTURE_BYTES`. */
  readonly picture?: string;
}

/**
 * Whether this account is in it. `left`, `removed`, `dissolved`: its history is here, and nothing more
 * comes.
 */
export type GroupStanding = "member" | "left" | "removed" | "dissolved";

export interface GroupMember {
  readonly userId: UserId;
  /** As they call themselves; their user name until that is known. */
  readonly name: string;
  /** By which they are found and asked; absent until it is known. */
  readonly userName?: string;
  readonly role: GroupRole;
  /** In it since then, ms since the epoch. */
  readonly since: number;
}

/** A group as this device knows it. */
export interface Group extends GroupSettings {
  readonly conversationId: ConversationId;
  /** Absent until it was read: somebody who comes in by invitation gets it with the first message. */
  readonly about?: GroupAbout;
  readonly standing: GroupStanding;
  /** This account's; absent where it is not in the group any more. */
  readonly role?: GroupRole;
  /** Owner first, then admins, then the others, each by name. */
  readonly members: readonly GroupMember[];
  /** There is a link by which one may join; its text is known to those who may change it. */
  readonly link?: { readonly text?: string; readonly expiresAt: number };
}

/**
 * Groups of 2 to `MAX_GROUP_MEMBERS` people. Every change is signed by the member who makes it, ordered
 * by the server, and takes effect where that member may make it (SPEC G): else `not-permitted`. Where
 * another was first, it is made again on top of that one as long as it still has a sense. All need the
 * server, and reject with `server-unreachable` without it; they resolve when the server has the change.
 */
export interface GroupsApi {
  /** Undefined for conversations of two. */
  get(conversationId: ConversationId): Group | undefined;
  /** What to call somebody who is or was in a group: by the roster, or as they call themselves. */
  nameOf(userId: UserId): string;
  /**
   * Resolves when the groups are as the server had them when this session began, names of their people
   * included, as far as it can be reached. What is missing comes later, and is told by `group`.
   */
  ready(): Promise<void>;
  /**
   * Resolves when those whom this device has let into groups have the groups' names, or the server keeps
   * them for them: a program that ends soon waits for that, as long as it likes.
   */
  told(): Promise<void>;
  /** With buddies only. @throws ChatKitError not-buddies, too-many-groups, invalid-group */
  found(
    group: GroupAbout & Partial<GroupSettings> & { readonly members: readonly UserId[] },
  ): Promise<Conversation>;
  invite(conversationId: ConversationId, members: readonly UserId[]): Promise<void>;
  remove(conversationId: ConversationId, members: readonly UserId[]): Promise<void>;
  /** The owner makes another one first, or dissolves it. */
  leave(conversationId: ConversationId): Promise<void>;
  /** For everybody: nothing is written there any more. */
  dissolve(conversationId: ConversationId): Promise<void>;
  /** Making an owner makes oneself an admin. */
  setRole(conversationId: ConversationId, member: UserId, role: GroupRole): Promise<void>;
  configure(conversationId: ConversationId, settings: Partial<GroupSettings>): Promise<void>;
  setAbout(conversationId: ConversationId, about: GroupAbout): Promise<void>;
  /** In place of the one before, which lets nobody in any more. @returns its text */
  makeLink(conversationId: ConversationId, options: { expiresAt: number }): Promise<string>;
  endLink(conversationId: ConversationId): Promise<void>;
  /** What the link leads to. @throws ChatKitError group-link-invalid */
  preview(link: string): Promise<{ readonly about?: GroupAbout; readonly members: number }>;
  /** @throws ChatKitError group-link-invalid, too-many-groups */
  join(link: string): Promise<Conversation>;
}

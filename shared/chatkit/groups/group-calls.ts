import { limits, type ConversationId, type UserId } from "../../protocol/index.ts";
import {
  groupLinkKeys,
  KEY_BYTES,
  memberKey,
  type GroupRole,
  type GroupSettings,
} from "../../crypto/index.ts";
import { ChatKitError, type Conversation } from "../api.ts";
import { calling } from "../calling.ts";
import type { Random } from "../ports.ts";
import { idBytes } from "../trust/device-id.ts";
import { checkedAbout } from "./about-seal.ts";
import { linkInvalid, type GroupChanges } from "./group-changes.ts";
import { formatGroupLink, parseGroupLink, type GroupLink } from "./group-link.ts";
import type { Group, GroupAbout, GroupsApi } from "./groups-api.ts";

/** What the groups of an open account are worked with. */
export interface OpenGroups {
  readonly changes: GroupChanges;
  readonly random: Random;
  /** Origin of the server. */
  readonly server: string;
  readonly self: () => UserId;
  isBuddy(userId: UserId): boolean;
  group(conversationId: ConversationId): Group | undefined;
  nameOf(userId: UserId): string;
  /** Never rejects. */
  ready(): Promise<void>;
  /** Never rejects. */
  told(): Promise<void>;
  /** Tells these people, who have just come into the group, its name. */
  greet(conversationId: ConversationId, people: readonly UserId[]): void;
  /** The conversation of a group that is known. */
  conversation(conversationId: ConversationId): Conversation;
}

/** Groups as hosts use them. */
export class GroupCalls implements GroupsApi {
  readonly #open: () => OpenGroups;
  readonly #current: () => OpenGroups | undefined;

  /**
   * @param current what is open, if an account is
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => OpenGroups | undefined, open: () => OpenGroups) {
    this.#current = current;
    this.#open = open;
  }

  get(conversationId: ConversationId): Group | undefined {
    return this.#current()?.group(conversationId);
  }

  nameOf(userId: UserId): string {
    return this.#current()?.nameOf(userId) ?? userId;
  }

  ready(): Promise<void> {
    return calling(() => this.#open().ready());
  }

  told(): Promise<void> {
    return calling(() => this.#open().told());
  }

  found(
    group: GroupAbout & Partial<GroupSettings> & { readonly members: readonly UserId[] },
  ): Promise<Conversation> {
    return calling(async () => {
      const open = this.#open();
      const { members, announcements = false, membersInvite = false, ...about } = group;
      if (new Set([...members, open.self()]).size !== members.length + 1) {
        throw new ChatKitError("invalid-group", "Nobody is named twice.");
      }
      checkSize(members.length + 1);
      checkBuddies(open, members);
      const settings = { announcements, membersInvite };
      const conversationId = await open.changes.found(checkedAbout(about), settings, members);
      open.greet(conversationId, members);
      return open.conversation(conversationId);
    });
  }

  invite(conversationId: ConversationId, members: readonly UserId[]): Promise<void> {
    return calling(async () => {
      const open = this.#open();
      await open.changes.change(conversationId, ({ members: present }) => {
        const added = distinct(members).filter((userId) => !present.has(keyOf(userId)));
        if (added.length === 0) return undefined;
        checkSize(present.size + added.length);
        checkBuddies(open, added);
        return { change: { type: "invite", members: added.map(idBytes) } };
      });
      open.greet(conversationId, distinct(members));
    });
  }

  remove(conversationId: ConversationId, members: readonly UserId[]): Promise<void> {
    return this.#changing(conversationId, () => ({ members: present }) => {
      const gone = distinct(members).filter((userId) => present.has(keyOf(userId)));
      return gone.length === 0
        ? undefined
        : { change: { type: "remove", members: gone.map(idBytes) } };
    });
  }

  leave(conversationId: ConversationId): Promise<void> {
    return this.#changing(
      conversationId,
      ({ self }) =>
        ({ members }) =>
          members.has(keyOf(self())) ? { change: { type: "leave" } } : undefined,
    );
  }

  dissolve(conversationId: ConversationId): Promise<void> {
    return this.#changing(
      conversationId,
      () =>
        ({ dissolved }) =>
          dissolved ? undefined : { change: { type: "dissolve" } },
    );
  }

  setRole(conversationId: ConversationId, member: UserId, role: GroupRole): Promise<void> {
    return this.#changing(conversationId, () => ({ members }) => {
      const present = members.get(keyOf(member))?.role;
      return present === role || present === undefined
        ? undefined
        : { change: { type: "role", member: idBytes(member), role } };
    });
  }

  configure(conversationId: ConversationId, settings: Partial<GroupSettings>): Promise<void> {
    return this.#changing(conversationId, () => ({ settings: present }) => {
      const next = {
        announcements: settings.announcements ?? present.announcements,
        membersInvite: settings.membersInvite ?? present.membersInvite,
      };
      const isSame =
        next.announcements === present.announcements &&
        next.membersInvite === present.membersInvite;
      return isSame ? undefined : { change: { type: "settings", settings: next } };
    });
  }

  setAbout(conversationId: ConversationId, about: GroupAbout): Promise<void> {
    return calling(async () => {
      const checked = checkedAbout(about);
      const open = this.#open();
      const hasNewKey = await open.changes.setAbout(conversationId, checked);
      if (!hasNewKey) return;
      const { members = [] } = open.group(conversationId) ?? {};
      const others = members.filter(({ userId }) => userId !== open.self());
      open.greet(
        conversationId,
        others.map(({ userId }) => userId),
      );
    });
  }

  makeLink(conversationId: ConversationId, { expiresAt }: { expiresAt: number }): Promise<string> {
    return calling(async () => {
      const open = this.#open();
      const secret = open.random.bytes(KEY_BYTES);
      const { publicKey } = groupLinkKeys(secret);
      const link = { publicKey, expiresAt: Math.trunc(expiresAt) };
      await open.changes.change(conversationId, () => ({
        change: { type: "link", link },
        kept: { linkSecret: secret },
      }));
      const text = open.group(conversationId)?.link?.text;
      if (text === undefined) {
        throw new ChatKitError("membership-conflict", "Somebody made another link.", {
          retryable: true,
        });
      }
      return text;
    });
  }

  endLink(conversationId: ConversationId): Promise<void> {
    return this.#changing(
      conversationId,
      () =>
        ({ link }) =>
          link === undefined ? undefined : { change: { type: "link" } },
    );
  }

  preview(link: string): Promise<{ readonly about?: GroupAbout; readonly members: number }> {
    return calling(async () => {
      const open = this.#open();
      const { about, membership } = await open.changes.linked(linkOf(link, open));
      const members = membership.members.size;
      return { members, ...(about === undefined ? {} : { about }) };
    });
  }

  join(link: string): Promise<Conversation> {
    return calling(async () => {
      const open = this.#open();
      const parsed = linkOf(link, open);
      await open.changes.join(parsed);
      return open.conversation(parsed.conversationId);
    });
  }

  #changing(
    conversationId: ConversationId,
    plan: (open: OpenGroups) => Parameters<GroupChanges["change"]>[1],
  ): Promise<void> {
    return calling(async () => {
      const open = this.#open();
      await open.changes.change(conversationId, plan(open));
    });
  }
}

/** The text of a group's link, where this device knows its secret. */
export function linkText(
  server: string,
  conversationId: ConversationId,
  { key, linkSecret }: { readonly key?: Uint8Array; readonly linkSecret?: Uint8Array },
): string | undefined {
  if (key === undefined || linkSecret === undefined) return undefined;
  return formatGroupLink({ server, conversationId, secret: linkSecret, key });
}

/** @throws ChatKitError group-link-invalid, also where it leads to another server */
function linkOf(text: string, { server }: OpenGroups): GroupLink {
  const link = parseGroupLink(text);
  if (link?.server !== server) throw linkInvalid();
  return link;
}

function checkSize(people: number): void {
  if (people <= limits.MAX_GROUP_MEMBERS) return;
  throw new ChatKitError(
    "invalid-group",
    `A group has ${limits.MAX_GROUP_MEMBERS} people at most.`,
  );
}

function checkBuddies(open: OpenGroups, people: readonly UserId[]): void {
  if (people.every((userId) => open.isBuddy(userId))) return;
  throw new ChatKitError("not-buddies", "Only buddies can be invited.");
}

function distinct(people: readonly UserId[]): readonly UserId[] {
  return [...new Set(people)];
}

function keyOf(userId: UserId): string {
  return memberKey(idBytes(userId));
}

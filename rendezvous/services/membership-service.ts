import { hash } from "node:crypto";
import {
  decodeMembershipStatement,
  emptyMembership,
  extendMembership,
  isGroupLinkProof,
  isKeptForEndings,
  MAX_GROUP_MEMBERS,
  memberKey,
  type Membership,
  type MembershipStatement,
} from "../../shared/crypto/index.ts";
import {
  limits,
  ProtocolError,
  type ConversationId,
  type Params,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import { deviceIdOf } from "../sign-in/device-proof.ts";
import type { ConversationStore } from "../store/conversation-store.ts";
import { bytesOf } from "./base64.ts";
import { event } from "./event-frames.ts";
import { idBytes, userIdOf } from "./id-bytes.ts";
import { encodeMembership } from "./membership-state.ts";
import type { Memberships } from "./memberships.ts";
import type { Reach } from "./reach.ts";

export interface MembershipServiceOptions {
  readonly conversations: ConversationStore;
  readonly memberships: Memberships;
  readonly reach: Reach;
  readonly bus: Bus;
  readonly clock: Clock;
}

/**
 * Orders the statements of groups' membership logs (SPEC G). Checks them as every client will, and what
 * no client can: who is whose buddy, and what time it is. It can make up none of them.
 */
export class MembershipService {
  readonly #options: MembershipServiceOptions;

  constructor(options: MembershipServiceOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError conversation-exists, not-permitted, not-buddies, too-many-groups */
  async found(
    member: Member,
    { conversationId, statement, about }: Params<"conversation.found">,
  ): Promise<{}> {
    const read = readStatement(member, conversationId, statement);
    if (read.change.type !== "found") throw notPermitted();
    const before = emptyMembership(idBytes(conversationId));
    await this.#write(member, conversationId, before, bytesOf(statement), read, about);
    return {};
  }

  /**
   * @throws ProtocolError no-such-conversation, membership-conflict, not-permitted, not-buddies,
   * too-many-groups
   */
  async append(
    member: Member,
    { conversationId, statement, about }: Params<"conversation.append">,
  ): Promise<{}> {
    const { conversations, memberships } = this.#options;
    const group = await memberships.get(conversationId);
    const place = group && (await conversations.place(conversationId, member.userId));
    if (group === undefined || place === undefined) throw noSuchConversation();
    const read = readStatement(member, conversationId, statement);
    if (read.change.type === "found" || read.change.type === "join") throw notPermitted();
    // Whoever is not in it any more may not know yet, and learns nothing of what came after.
    if (read.index !== (place.until ?? group.membership.length)) throw conflict();
    if (place.until !== undefined) throw notPermitted();
    await this.#write(member, conversationId, group.membership, bytesOf(statement), read, about);
    return {};
  }

  /** @throws ProtocolError group-link-invalid, membership-conflict, not-permitted, too-many-groups */
  async join(
    member: Member,
    { conversationId, statement }: Params<"conversation.join">,
  ): Promise<{}> {
    const { clock, memberships } = this.#options;
    const read = readStatement(member, conversationId, statement);
    const { change } = read;
    if (change.type !== "join") throw notPermitted();
    const group = await memberships.get(conversationId);
    const now = clock.now();
    if (group === undefined || !isAdmitted(group.membership, member.userId, change, now)) {
      throw linkInvalid();
    }
    const { membership } = group;
    if (membership.members.size >= MAX_GROUP_MEMBERS || isKeptForEndings(membership)) {
      throw new ProtocolError("too-many-groups", "The group is full.");
    }
    if (read.index !== membership.length) throw conflict();
    await this.#write(member, conversationId, membership, bytesOf(statement), read, undefined);
    return {};
  }

  async #write(
    member: Member,
    conversationId: ConversationId,
    before: Membership,
    statement: Uint8Array,
    read: MembershipStatement,
    aboutText: string | undefined,
  ): Promise<void> {
    const { bus, clock, conversations } = this.#options;
    const about = namedAbout(read, aboutText);
    const after = extendMembership(before, statement);
    if (after === undefined) throw refusalOf(before, read);
    const came = newIn(after, before);
    const left = newIn(before, after);
    if (read.change.type !== "join") await this.#checkBuddies(member, came);
    const { length } = before;
    const state = encodeMembership(after);
    try {
      await conversations.append(
        {
          conversationId,
          after: length,
          statement,
          state,
          ...(about === undefined ? {} : { about }),
          came,
          left,
          now: clock.now(),
        },
        limits.MAX_GROUPS_PER_ACCOUNT,
      );
    } finally {
      // Also where it failed: what is in memory may be older than what is kept.
      bus.publishMembership(conversationId);
    }
    const users = new Set([...usersOf(after), ...left]);
    const frame = event("conversation.changed", { conversationId, length: length + 1 });
    bus.toUsers(users, frame, member.deviceId);
  }

  /** @throws ProtocolError not-buddies, too-many-groups */
  async #checkBuddies(member: Member, came: readonly UserId[]): Promise<void> {
    for (const userId of came) {
      const standing = await this.#options.reach.standingWith(member, userId);
      if (standing === "none") {
        throw new ProtocolError("not-buddies", "Only buddies can be invited.");
      }
      // Whoever was blocked must not notice, and may not draw the other into a group: that these are in
      // as many groups as they may be can be true of anybody.
      if (standing === "concealed") {
        throw new ProtocolError("too-many-groups", "Somebody is in as many groups as they may be.");
      }
    }
  }
}

/** Does the link let that account in now? */
export function isAdmitted(
  { barred, conversationId, link }: Membership,
  userId: UserId,
  { proof, publicKey }: { readonly publicKey: Uint8Array; readonly proof: Uint8Array },
  now: number,
): boolean {
  const user = idBytes(userId);
  return (
    link !== undefined &&
    now < link.expiresAt &&
    !barred.has(memberKey(user)) &&
    Buffer.from(link.publicKey).equals(publicKey) &&
    isGroupLinkProof(publicKey, conversationId, user, proof)
  );
}

/** Of this very device, for its own account. @throws ProtocolError not-permitted */
function readStatement(
  member: Member,
  conversationId: ConversationId,
  text: string,
): MembershipStatement {
  const statement = decodeMembershipStatement(bytesOf(text));
  if (
    statement === undefined ||
    !Buffer.from(statement.conversationId).equals(idBytes(conversationId)) ||
    userIdOf(statement.actor) !== member.userId ||
    deviceIdOf(statement.signer) !== member.deviceId
  ) {
    throw notPermitted();
  }
  return statement;
}

/** The sealed name that comes with the statement, where that names one. @throws ProtocolError */
function namedAbout(
  { change }: MembershipStatement,
  text: string | undefined,
): Uint8Array | undefined {
  const named =
    change.type === "about" ? change.hash : change.type === "found" ? change.about : undefined;
  if (named === undefined && text === undefined) return undefined;
  if (named === undefined || text === undefined) throw notPermitted();
  const about = bytesOf(text);
  if (
    about.length > limits.MAX_GROUP_ABOUT_BYTES ||
    !hash("sha256", about, "buffer").equals(named)
  ) {
    throw notPermitted();
  }
  return about;
}

function refusalOf(before: Membership, { change, previous }: MembershipStatement): ProtocolError {
  if (!Buffer.from(before.head).equals(previous)) return conflict();
  const isFull =
    isKeptForEndings(before) ||
    (change.type === "invite" && before.members.size + change.members.length > MAX_GROUP_MEMBERS);
  return isFull
    ? new ProtocolError("too-many-groups", "The group cannot grow any more.")
    : notPermitted();
}

function newIn(a: Membership, b: Membership): readonly UserId[] {
  return [...a.members]
    .filter(([key]) => !b.members.has(key))
    .map(([, { userId }]) => userIdOf(userId));
}

function usersOf({ members }: Membership): readonly UserId[] {
  return [...members.values()].map(({ userId }) => userIdOf(userId));
}

export function noSuchConversation(): ProtocolError {
  return new ProtocolError("no-such-conversation", "There is no such group.");
}

export function linkInvalid(): ProtocolError {
  return new ProtocolError("group-link-invalid", "The link lets nobody in, or not this account.");
}

function conflict(): ProtocolError {
  return new ProtocolError("membership-conflict", "The group has changed meanwhile.");
}

function notPermitted(): ProtocolError {
  return new ProtocolError("not-permitted", "That statement may not be made there.");
}

import {
  limits,
  type ConversationId,
  type MembershipView,
  type Params,
  type Result,
} from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import type { ConversationStore } from "../store/conversation-store.ts";
import { base64, bytesOf } from "./base64.ts";
import { isAdmitted, linkInvalid, noSuchConversation } from "./membership-service.ts";
import type { Memberships } from "./memberships.ts";

/** A group that nobody is in is kept for as long as a session lasts: whoever was in it reads its end. */
const ENDED_MAX_AGE_MS = 90 * 24 * 60 * 60 * 1000;

export interface ConversationServiceOptions {
  readonly conversations: ConversationStore;
  readonly memberships: Memberships;
  readonly clock: Clock;
}

/** Lets members read their groups' membership logs, and others as far as they may. */
export class ConversationService {
  readonly #options: ConversationServiceOptions;

  constructor(options: ConversationServiceOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError no-such-conversation */
  log(
    member: Member,
    { conversationId, after }: Params<"conversation.log">,
  ): Promise<Result<"conversation.log">> {
    const { conversations, memberships } = this.#options;
    // One at a time: an answer may be a megabyte long.
    return member.connection.inTurn(async () => {
      const place = await conversations.place(conversationId, member.userId);
      const group = place && (await memberships.get(conversationId));
      if (place === undefined || group === undefined) throw noSuchConversation();
      const length = place.until ?? group.membership.length;
      // What it is called since then is nothing to whoever has left.
      return this.#view(conversationId, { after, length, withAbout: place.until === undefined });
    });
  }

  /** @throws ProtocolError group-link-invalid */
  linked(
    member: Member,
    { conversationId, after, link }: Params<"conversation.linked">,
  ): Promise<Result<"conversation.linked">> {
    const { clock, memberships } = this.#options;
    const known = { publicKey: bytesOf(link.publicKey), proof: bytesOf(link.proof) };
    return member.connection.inTurn(async () => {
      const group = await memberships.get(conversationId);
      if (group === undefined || !isAdmitted(group.membership, member.userId, known, clock.now())) {
        throw linkInvalid();
      }
      const { length } = group.membership;
      return this.#view(conversationId, { after, length, withAbout: true });
    });
  }

  async list(
    member: Member,
    { after }: Params<"conversation.list">,
  ): Promise<Result<"conversation.list">> {
    const limit = limits.GROUP_LIST_PAGE;
    const conversations = await this.#options.conversations.list(member.userId, {
      ...(after === undefined ? {} : { after }),
      limit,
    });
    return { conversations: [...conversations], more: conversations.length === limit };
  }

  /** @throws ProtocolError no-such-conversation */
  async profiles(
    member: Member,
    { conversationId, userIds }: Params<"conversation.profiles">,
  ): Promise<Result<"conversation.profiles">> {
    const { conversations } = this.#options;
    const { userId: reader } = member;
    if ((await conversations.place(conversationId, reader)) === undefined) {
      throw noSuchConversation();
    }
    return { profiles: [...(await conversations.profiles(conversationId, { reader, userIds }))] };
  }

  /** Removes groups that have ended long ago. */
  purge(): Promise<number> {
    const { clock, conversations } = this.#options;
    return conversations.removeEnded(clock.now() - ENDED_MAX_AGE_MS);
  }

  async #view(
    conversationId: ConversationId,
    { after, length, withAbout }: { after: number; length: number; withAbout: boolean },
  ): Promise<MembershipView> {
    const { conversations } = this.#options;
    const statements = await conversations.read(conversationId, {
      after,
      until: length,
      limit: limits.MEMBERSHIP_PAGE,
      maxBytes: limits.MEMBERSHIP_PAGE_BYTES,
    });
    const isLast = after + statements.length >= length;
    const about = isLast && withAbout ? await conversations.about(conversationId) : undefined;
    return {
      statements: statements.map(base64),
      length,
      ...(about === undefined ? {} : { about: base64(about) }),
    };
  }
}

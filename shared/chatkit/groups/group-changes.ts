import * as v from "valibot";
import {
  ConversationId,
  encodeId,
  limits,
  ProtocolError,
  type UserId,
} from "../../protocol/index.ts";
import {
  encodeBase64,
  emptyMembership,
  extendMembership,
  groupConversationBytes,
  groupLinkKeys,
  groupLinkProof,
  KEY_BYTES,
  memberKey,
  membershipStatement,
  sameBytes,
  statementHash,
  type GroupSettings,
  type IdentityKeys,
  type Membership,
  type MembershipChange,
} from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import { backOffMs } from "../connection/back-off.ts";
import { GROUP_RETRY_MAX_MS, GROUP_RETRY_MIN_MS, MEMBERSHIP_TRIES } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import { foreignBytes } from "../sealing/foreign-bytes.ts";
import { idBytes } from "../trust/device-id.ts";
import { openAbout, sealAbout } from "./about-seal.ts";
import type { GroupLink } from "./group-link.ts";
import type { GroupAbout } from "./groups-api.ts";
import type { KnownGroup } from "./known-group.ts";
import { readStatements } from "./log-reading.ts";
import type { MembershipBook } from "./membership-book.ts";

const NONCE_BYTES = 16;

export interface GroupChangesOptions {
  readonly book: MembershipBook;
  readonly identity: IdentityKeys;
  /** This account. @throws ChatKitError not-open */
  readonly self: () => UserId;
  readonly clock: Clock;
  readonly random: Random;
}

/** What shall be done to a group. */
export interface Planned {
  readonly change: MembershipChange;
  /** Sealed, where the change names it. */
  readonly about?: Uint8Array;
  /** What this device remembers beside the log. */
  readonly kept?: Partial<KnownGroup>;
}

/** A group as its link shows it. */
export interface LinkedGroup {
  readonly membership: Membership;
  readonly about?: GroupAbout;
}

/**
 * Makes statements and gives them to the server, which takes the first after another: whoever was second
 * reads on and makes theirs anew (SPEC G3). All throw ChatKitError and ProtocolError.
 */
export class GroupChanges {
  readonly #options: GroupChangesOptions;

  constructor(options: GroupChangesOptions) {
    this.#options = options;
  }

  async found(
    about: GroupAbout,
    settings: GroupSettings,
    members: readonly UserId[],
  ): Promise<ConversationId> {
    const { book, random } = this.#options;
    const nonce = random.bytes(NONCE_BYTES);
    const key = random.bytes(KEY_BYTES);
    const bytes = groupConversationBytes(this.#actor, nonce);
    const conversationId = v.parse(ConversationId, encodeId(bytes));
    const sealedAbout = sealAbout(key, bytes, about, random);
    const statement = this.#statement(emptyMembership(bytes), {
      type: "found",
      nonce,
      settings,
      members: members.map(idBytes),
      about: statementHash(sealedAbout),
    });
    book.founding(conversationId, key);
    await book.service.connection.request("conversation.found", {
      conversationId,
      statement: encodeBase64(statement),
      about: encodeBase64(sealedAbout),
    });
    await book.appended(conversationId, statement, { key, sealedAbout });
    return conversationId;
  }

  /**
   * @param plan what to do to the group as it is; undefined where there is nothing to do any more
   * @throws ChatKitError no-such-conversation, not-permitted
   */
  async change(
    conversationId: ConversationId,
    plan: (membership: Membership, group: KnownGroup) => Planned | undefined,
  ): Promise<void> {
    const { book } = this.#options;
    let hasLooked = false;
    for (let attempt = 0; ; attempt++) {
      const group = book.known(conversationId);
      if (group === undefined) throw noSuchGroup();
      const { membership } = group;
      const planned = plan(membership, group);
      if (planned === undefined) return;
      const statement = this.#statement(membership, planned.change);
      if (extendMembership(membership, statement) === undefined) {
        if (hasLooked) throw notPermitted();
        // This device may be behind: somebody has just made it an admin's.
        hasLooked = true;
        await this.#look(conversationId);
        continue;
      }
      if (await this.#append(conversationId, statement, planned.about, attempt)) {
        const { about, kept } = planned;
        const sealedAbout = about === undefined ? {} : { sealedAbout: about };
        await book.appended(conversationId, statement, { ...sealedAbout, ...kept });
        return;
      }
    }
  }

  /**
   * Another name, description and picture. Where somebody has left who knows the key, with a new one.
   * @returns whether the others must be told the key
   */
  async setAbout(conversationId: ConversationId, about: GroupAbout): Promise<boolean> {
    const { book, random } = this.#options;
    const before = book.known(conversationId)?.key;
    await this.change(conversationId, ({ conversationId: id }, group) => {
      const isKnownOutside = group.key === undefined || group.former.size > 0;
      const key = isKnownOutside ? random.bytes(KEY_BYTES) : group.key;
      const sealed = sealAbout(key, id, about, random);
      const change = { type: "about" as const, hash: statementHash(sealed) };
      return { change, about: sealed, kept: { key } };
    });
    const after = book.known(conversationId)?.key;
    return before === undefined || after === undefined || !sameBytes(before, after);
  }

  /** @throws ChatKitError group-link-invalid */
  async linked({ conversationId, key, secret }: GroupLink): Promise<LinkedGroup> {
    const { book, clock } = this.#options;
    const bytes = idBytes(conversationId);
    const keys = groupLinkKeys(secret);
    const proof = groupLinkProof(keys, bytes, this.#actor);
    const told = await book.service.linked(conversationId, {
      publicKey: encodeBase64(keys.publicKey),
      proof: encodeBase64(proof),
    });
    const self = memberKey(this.#actor);
    const { membership } = await readStatements(
      emptyMembership(bytes),
      told.statements,
      self,
      clock,
    );
    const { link } = membership;
    const isOpen = link !== undefined && clock.now() < link.expiresAt;
    if (!isOpen || !sameBytes(link.publicKey, keys.publicKey)) throw linkInvalid();
    const sealed = foreignBytes(told.about ?? "");
    const isNamed =
      membership.about !== undefined && sameBytes(statementHash(sealed), membership.about);
    const about = isNamed ? openAbout(key, bytes, sealed) : undefined;
    return { membership, ...(about === undefined ? {} : { about }) };
  }

  /** @throws ChatKitError group-link-invalid */
  async join(link: GroupLink): Promise<void> {
    const { book } = this.#options;
    const { conversationId, key, secret } = link;
    const keys = groupLinkKeys(secret);
    const proof = groupLinkProof(keys, idBytes(conversationId), this.#actor);
    for (let attempt = 0; ; attempt++) {
      const { membership } = await this.linked(link);
      if (membership.members.has(memberKey(this.#actor))) break;
      const statement = this.#statement(membership, {
        type: "join",
        publicKey: keys.publicKey,
        proof,
      });
      if (extendMembership(membership, statement) === undefined) {
        if (membership.members.size >= limits.MAX_GROUP_MEMBERS) throw full();
        throw linkInvalid();
      }
      const isTaken = await this.#taken(attempt, () =>
        book.service.connection.request("conversation.join", {
          conversationId,
          statement: encodeBase64(statement),
        }),
      );
      if (isTaken) break;
    }
    // Whose devices signed the log can be checked from within only.
    await this.#look(conversationId);
    if (book.known(conversationId) === undefined) throw noSuchGroup();
    if (book.known(conversationId)?.key === undefined) await book.amend(conversationId, { key });
  }

  get #actor(): Uint8Array {
    return idBytes(this.#options.self());
  }

  #statement(membership: Membership, change: MembershipChange): Uint8Array {
    const { clock, identity } = this.#options;
    return membershipStatement(membership, identity, this.#actor, change, clock.now());
  }

  /** @returns false where another was first, and has been read */
  async #append(
    conversationId: ConversationId,
    statement: Uint8Array,
    about: Uint8Array | undefined,
    attempt: number,
  ): Promise<boolean> {
    const { connection } = this.#options.book.service;
    const isTaken = await this.#taken(attempt, () =>
      connection.request("conversation.append", {
        conversationId,
        statement: encodeBase64(statement),
        ...(about === undefined ? {} : { about: encodeBase64(about) }),
      }),
    );
    if (!isTaken) await this.#look(conversationId);
    return isTaken;
  }

  async #taken(attempt: number, request: () => Promise<unknown>): Promise<boolean> {
    try {
      await request();
      return true;
    } catch (error) {
      const isConflict =
        error instanceof ProtocolError && error.errorName === "membership-conflict";
      if (!isConflict || attempt >= MEMBERSHIP_TRIES) throw error;
      await this.#pause(attempt);
      return false;
    }
  }

  /** @throws ChatKitError server-unreachable */
  async #look(conversationId: ConversationId): Promise<void> {
    const looked = await this.#options.book.look(conversationId);
    if (looked === "unreached") {
      throw new ChatKitError("server-unreachable", "The group could not be read.", {
        retryable: true,
      });
    }
  }

  /** Many who change one group at a time do not meet again and again. */
  #pause(attempt: number): Promise<void> {
    const { clock, random } = this.#options;
    if (attempt === 0) return Promise.resolve();
    const bounds = { min: GROUP_RETRY_MIN_MS, max: GROUP_RETRY_MAX_MS };
    return new Promise(
      (resolve) => void clock.setTimer(resolve, backOffMs(random, attempt, bounds)),
    );
  }
}

function noSuchGroup(): ChatKitError {
  return new ChatKitError("no-such-conversation", "There is no such group.");
}

function notPermitted(): ChatKitError {
  return new ChatKitError("not-permitted", "That is for others in this group to do.");
}

export function linkInvalid(): ChatKitError {
  return new ChatKitError("group-link-invalid", "This link does not lead into a group.");
}

function full(): ChatKitError {
  return new ChatKitError(
    "invalid-group",
    `A group has ${limits.MAX_GROUP_MEMBERS} people at most.`,
  );
}

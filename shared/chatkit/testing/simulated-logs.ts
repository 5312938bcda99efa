import {
  ProtocolError,
  type ConversationId,
  type MembershipView,
  type UserId,
} from "../../protocol/index.ts";
import {
  decodeBase64,
  decodeMembershipStatement,
  emptyMembership,
  encodeBase64,
  extendMembership,
  isGroupLinkProof,
  memberKey,
  sameBytes,
  type Membership,
} from "../../crypto/index.ts";
import { idBytes } from "../trust/device-id.ts";

/** Statements of one answer: few, so that tests see several pages. */
const PAGE = 3;

interface SimulatedLog {
  readonly membership: Membership;
  readonly statements: readonly Uint8Array[];
  readonly about?: string;
  /** Where the logs of those end who are in the group no more, by `memberKey`. */
  readonly ends: ReadonlyMap<string, number>;
}

export type LogParams = {
  readonly conversationId: ConversationId;
  readonly statement: string;
  readonly about?: string;
};

/** The membership logs of a server, in memory: what `rendezvous` does with them, without its store. */
export class SimulatedLogs {
  readonly #logs = new Map<ConversationId, SimulatedLog>();
  /** Whom it tells that a log has grown. */
  onGrown: (conversationId: ConversationId, people: readonly string[], length: number) => void =
    () => {};

  get(conversationId: ConversationId): SimulatedLog | undefined {
    return this.#logs.get(conversationId);
  }

  /** Another log in the place of that one: a server set back, or a dishonest one. */
  put(conversationId: ConversationId, log: SimulatedLog): void {
    this.#logs.set(conversationId, log);
  }

  found(from: UserId, { conversationId, statement, about }: LogParams): void {
    if (this.#logs.has(conversationId)) throw new ProtocolError("conversation-exists", "there");
    const membership = emptyMembership(idBytes(conversationId));
    this.#logs.set(conversationId, { membership, statements: [], ends: new Map() });
    try {
      this.append(from, { conversationId, statement, ...(about === undefined ? {} : { about }) });
    } catch (error) {
      this.#logs.delete(conversationId);
      throw error;
    }
  }

  append(from: UserId, { conversationId, statement, about }: LogParams): void {
    const log = this.#log(conversationId);
    const bytes = decodeBase64(statement);
    const read = decodeMembershipStatement(bytes);
    if (read === undefined || !sameBytes(read.actor, idBytes(from))) {
      throw new ProtocolError("not-permitted", "not a statement of this account");
    }
    const isNext =
      read.index === log.membership.length && sameBytes(read.previous, log.membership.head);
    if (!isNext) throw new ProtocolError("membership-conflict", "another was first");
    const next = extendMembership(log.membership, bytes);
    if (next === undefined) throw new ProtocolError("not-permitted", "not permitted");
    const ends = new Map(log.ends);
    const before = [...log.membership.members.keys()];
    for (const key of before) if (!next.members.has(key)) ends.set(key, next.length);
    for (const key of next.members.keys()) ends.delete(key);
    const shown = about ?? log.about;
    this.#logs.set(conversationId, {
      membership: next,
      statements: [...log.statements, bytes],
      ...(shown === undefined ? {} : { about: shown }),
      ends,
    });
    this.onGrown(conversationId, [...new Set([...before, ...next.members.keys()])], next.length);
  }

  read(from: UserId, conversationId: ConversationId, after: number): MembershipView {
    const log = this.#log(conversationId);
    const key = memberKey(idBytes(from));
    const isIn = log.membership.members.has(key);
    const length = isIn ? log.statements.length : log.ends.get(key);
    if (length === undefined) throw new ProtocolError("no-such-conversation", "not in it");
    return pageOf(log, after, length);
  }

  linked(
    from: UserId,
    conversationId: ConversationId,
    { after, proof, publicKey }: { after: number; proof: string; publicKey: string },
  ): MembershipView {
    const log = this.#log(conversationId);
    const key = decodeBase64(publicKey);
    const bytes = idBytes(conversationId);
    const { link } = log.membership;
    const isTheirs = isGroupLinkProof(key, bytes, idBytes(from), decodeBase64(proof));
    if (link === undefined || !sameBytes(link.publicKey, key) || !isTheirs) {
      throw new ProtocolError("group-link-invalid", "no such link");
    }
    return pageOf(log, after, log.statements.length);
  }

  list(of: UserId): { conversationId: ConversationId; length: number }[] {
    const key = memberKey(idBytes(of));
    return Array.from(this.#logs, ([conversationId, { membership }]) => ({
      conversationId,
      membership,
    }))
      .filter(({ membership }) => membership.members.has(key))
      .map(({ conversationId, membership }) => ({ conversationId, length: membership.length }));
  }

  #log(conversationId: ConversationId): SimulatedLog {
    const log = this.#logs.get(conversationId);
    if (log === undefined) throw new ProtocolError("no-such-conversation", "no such group");
    return log;
  }
}

function pageOf({ about, statements }: SimulatedLog, after: number, length: number) {
  const page = statements.slice(after, Math.min(length, after + PAGE));
  const isLast = after + page.length >= length;
  return {
    statements: page.map(encodeBase64),
    length,
    ...(isLast && about !== undefined ? { about } : {}),
  };
}

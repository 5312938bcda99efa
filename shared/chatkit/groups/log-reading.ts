import {
  decodeMembershipStatement,
  emptyMembership,
  extendMembership,
  sameBytes,
  statementHash,
  type Membership,
  type MembershipStatement,
} from "../../crypto/index.ts";
import type { Clock } from "../ports.ts";
import { foreignBytes } from "../sealing/foreign-bytes.ts";
import {
  MAX_FORMER_MEMBERS,
  TRAIL_BYTES,
  type FormerMember,
  type KnownGroup,
} from "./known-group.ts";

/** A signature takes a millisecond or two: of a long log, others get a turn after so long. */
const TURN_MS = 16;

/** A statement that was read. */
export interface ReadStatement {
  readonly statement: MembershipStatement;
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
  /** This account was in the group before it, or is after it. */
  readonly isOurs: boolean;
  /** Who was in the group before it and is not after it, by `memberKey`. */
  readonly left: readonly (readonly [string, FormerMember])[];
}

/** A part of a log that was read, and the group at its end. */
export interface ReadLog {
  readonly statements: readonly ReadStatement[];
  readonly membership: Membership;
}

/** A group of which nothing is known yet. @param conversationId 16 bytes */
export function unknownGroup(conversationId: Uint8Array): KnownGroup {
  return {
    membership: emptyMembership(conversationId),
    trail: new Uint8Array(),
    former: new Map(),
    left: 0,
  };
}

/**
 * Reads on in a log; whose devices the signers are is not checked.
 * @param log base64
 * @param self `memberKey` of this account
 * @returns what comes before the first that does not belong there
 */
export async function readStatements(
  from: Membership,
  log: readonly string[],
  self: string,
  clock: Clock,
): Promise<ReadLog> {
  const statements: ReadStatement[] = [];
  let membership = from;
  let since = clock.monotonic();
  for (const text of log) {
    if (clock.monotonic() - since > TURN_MS) {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 0));
      since = clock.monotonic();
    }
    const bytes = foreignBytes(text);
    const statement = decodeMembershipStatement(bytes);
    const next = statement && extendMembership(membership, bytes);
    if (next === undefined || statement === undefined) break;
    statements.push({
      statement,
      hash: statementHash(bytes),
      isOurs: membership.members.has(self) || next.members.has(self),
      left: leaversBetween(membership, next),
    });
    membership = next;
  }
  return { statements, membership };
}

/** The group after these statements. What does not hold any more is left out. */
export function withStatements(group: KnownGroup, { membership, statements }: ReadLog): KnownGroup {
  if (statements.length === 0) return group;
  const trail = new Uint8Array(group.trail.length + statements.length * TRAIL_BYTES);
  trail.set(group.trail);
  const former = new Map<string, FormerMember>(group.former);
  for (const [index, { hash, left }] of statements.entries()) {
    trail.set(hash.subarray(0, TRAIL_BYTES), group.trail.length + index * TRAIL_BYTES);
    for (const [key, member] of left) {
      former.delete(key);
      former.set(key, member);
    }
  }
  for (const key of membership.members.keys()) former.delete(key);
  for (const key of former.keys()) {
    if (former.size <= MAX_FORMER_MEMBERS) break;
    former.delete(key);
  }
  const { sealedAbout, linkSecret, ...rest } = group;
  const before = group.membership;
  const { about, link } = membership;
  const isSameLink = sameOrNone(before.link?.publicKey, link?.publicKey);
  return {
    ...rest,
    membership,
    trail,
    former,
    ...(sealedAbout !== undefined && sameOrNone(before.about, about) ? { sealedAbout } : {}),
    ...(linkSecret !== undefined && isSameLink ? { linkSecret } : {}),
  };
}

/** Does that place of the log have another hash than the one known here? @param length counts statements */
export function isOtherLog({ trail }: KnownGroup, length: number, head: Uint8Array): boolean {
  const known = trail.subarray((length - 1) * TRAIL_BYTES, length * TRAIL_BYTES);
  return known.length === TRAIL_BYTES && !sameBytes(known, head.subarray(0, TRAIL_BYTES));
}

function leaversBetween(
  before: Membership,
  after: Membership,
): readonly (readonly [string, FormerMember])[] {
  if (before.members === after.members) return [];
  return Array.from(before.members)
    .filter(([key]) => !after.members.has(key))
    .map(([key, { role }]) => [key, { role, until: before.length }]);
}

function sameOrNone(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a, b);
}

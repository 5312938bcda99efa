import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import {
  identityKeysOf,
  KEY_BYTES,
  sign,
  SIGNATURE_BYTES,
  verify,
  type IdentityKeys,
} from "./identity.ts";
import { sameBytes } from "./bytes.ts";

/**
 * Who is in a group, and who may do what there: an append-only log of statements, each signed by a
 * device of the member who makes it and bound to the one before by its hash. The server orders them
 * and keeps them; it can neither make one up nor change one. That the signing device is its account's
 * is for the reader to check against that account's device list.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | version, 1 |
 * | 1 | 1 | type: 1 found, 2 invite, 3 remove, 4 leave, 5 role, 6 settings, 7 about, 8 link, 9 join, 10 dissolve |
 * | 2 | 16 | conversation |
 * | 18 | 4 | index, from 0 |
 * | 22 | 32 | SHA-256 of the statement before, all of it; zeros at index 0 |
 * | 54 | 8 | time, ms since the epoch, by the signer's clock |
 * | 62 | 16 | actor: the account whose statement this is |
 * | 78 | 32 | signer: the public key of the actor's device |
 * | 110 | 2 | n, bytes of the payload |
 * | 112 | n | payload, by type |
 * | 112 + n | 64 | the signer's Ed25519 signature over all that is before, with a domain |
 *
 * Payloads: `found`: 16 random bytes, flags (as `settings`; 4: an `about` follows), the 32 bytes of
 * `about` where there is one, 16 bytes for each first member but the founder; `invite` and `remove`: 16
 * bytes for each person; `role`: person, role (1 member, 2 admin, 3 owner); `settings`: flags (1: only
 * admins write; 2: members may invite); `about`: SHA-256 of the sealed name and picture; `link`: public key and time of expiry (8 bytes, ms), or nothing, which ends the link;
 * `join`: the link's public key and its signature over conversation and actor; else none.
 */
export type MembershipStatementType = (typeof TYPES)[number];

const TYPES = [
  "found",
  "invite",
  "remove",
  "leave",
  "role",
  "settings",
  "about",
  "link",
  "join",
  "dissolve",
] as const;

const ROLES = ["member", "admin", "owner"] as const;
export type GroupRole = (typeof ROLES)[number];

/** People in one group. */
export const MAX_GROUP_MEMBERS = 500;
/** Statements of one group; what would be one more is refused. */
export const MAX_MEMBERSHIP_STATEMENTS = 8192;
/**
 * The last of them only make the group smaller: nobody can fill a log so that nobody may leave it or be
 * removed. Each takes one member at least.
 */
const KEPT_FOR_ENDINGS = MAX_GROUP_MEMBERS;
const ENDINGS: ReadonlySet<MembershipStatementType> = new Set(["remove", "leave", "dissolve"]);
/** People who were removed and are remembered; the first of them is forgotten for one more. */
const MAX_BARRED = 8192;
/** Where times end on the wire, in ms; calendars go on for longer. */
const MAX_TIME = 2 ** 48 - 1;
/** People whom one statement names. */
const MAX_NAMED = MAX_GROUP_MEMBERS;

const ID_BYTES = 16;
const HEAD_BYTES = 112;
const NONCE_BYTES = 16;
const HASH_BYTES = 32;
export const MAX_MEMBERSHIP_STATEMENT_BYTES =
  HEAD_BYTES + NONCE_BYTES + 1 + HASH_BYTES + MAX_NAMED * ID_BYTES + SIGNATURE_BYTES;

const DOMAIN = utf8ToBytes("beeline membership v1\0");
const ID_DOMAIN = utf8ToBytes("beeline group conversation v1\0");
const LINK_DOMAIN = utf8ToBytes("beeline group link v1\0");
const ADMINS_WRITE = 1;
const MEMBERS_INVITE = 2;
/** In the flags of `found` alone. */
const WITH_ABOUT = 4;

export interface GroupSettings {
  /** Only owner and admins write. */
  readonly announcements: boolean;
  /** Every member may invite, not only owner and admins. */
  readonly membersInvite: boolean;
}

export interface GroupMemberEntry {
  /** 16 bytes. */
  readonly userId: Uint8Array;
  readonly role: GroupRole;
  /** ms since the epoch, by the clock of whoever let them in. */
  readonly since: number;
}

/** What a log, read up to its end, says. */
export interface Membership {
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  /** Statements read. */
  readonly length: number;
  /** SHA-256 of the last statement; zeros before the first. */
  readonly head: Uint8Array;
  /** By the hexadecimal id, in the order in which they came in. Nobody after it was dissolved. */
  readonly members: ReadonlyMap<string, GroupMemberEntry>;
  readonly settings: GroupSettings;
  /** SHA-256 of the sealed name and picture. */
  readonly about?: Uint8Array;
  /** By whose key one may join; `expiresAt` in ms since the epoch. */
  readonly link?: { readonly publicKey: Uint8Array; readonly expiresAt: number };
  /** Hexadecimal ids of people who were removed: no link lets them in again, only an invitation. */
  readonly barred: ReadonlySet<string>;
  readonly dissolved: boolean;
}

/** What a statement says. Ids have 16 bytes. */
export type MembershipChange =
  | {
      readonly type: "found";
      readonly nonce: Uint8Array;
      readonly settings: GroupSettings;
      readonly members: readonly Uint8Array[];
      /** As in `about`. */
      readonly about?: Uint8Array;
    }
  | { readonly type: "invite" | "remove"; readonly members: readonly Uint8Array[] }
  | { readonly type: "role"; readonly member: Uint8Array; readonly role: GroupRole }
  | { readonly type: "settings"; readonly settings: GroupSettings }
  | { readonly type: "about"; readonly hash: Uint8Array }
  | {
      readonly type: "link";
      /** Absent: there is none from then on. */
      readonly link?: { readonly publicKey: Uint8Array; readonly expiresAt: number };
    }
  | { readonly type: "join"; readonly publicKey: Uint8Array; readonly proof: Uint8Array }
  | { readonly type: "leave" | "dissolve" };

export interface MembershipStatement {
  readonly conversationId: Uint8Array;
  readonly index: number;
  readonly previous: Uint8Array;
  readonly at: number;
  readonly actor: Uint8Array;
  readonly signer: Uint8Array;
  readonly change: MembershipChange;
}

/** How a member is found in `Membership`. @param userId 16 bytes */
export function memberKey(userId: Uint8Array): string {
  return bytesToHex(userId);
}

/**
 * The id of the group that this account founds with these random bytes: nobody can found one under the
 * id of somebody else's conversation. @param founder 16 bytes @param nonce 16 bytes
 */
export function groupConversationBytes(founder: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sha256(concatBytes(ID_DOMAIN, founder, nonce)).subarray(0, ID_BYTES);
}

export function emptyMembership(conversationId: Uint8Array): Membership {
  return {
    conversationId,
    length: 0,
    head: new Uint8Array(32),
    members: new Map(),
    settings: { announcements: false, membersInvite: false },
    barred: new Set(),
    dissolved: false,
  };
}

/**
 * The keys of an invitation link. Whoever knows its secret may join, as the account that signs so.
 * @param seed 32 random bytes
 */
export function groupLinkKeys(seed: Uint8Array): IdentityKeys {
  return identityKeysOf(seed);
}

/** What shows that this account knows the link. @returns 64 bytes */
export function groupLinkProof(
  link: IdentityKeys,
  conversationId: Uint8Array,
  userId: Uint8Array,
): Uint8Array {
  return sign(link, concatBytes(LINK_DOMAIN, conversationId, userId));
}

export function isGroupLinkProof(
  publicKey: Uint8Array,
  conversationId: Uint8Array,
  userId: Uint8Array,
  proof: Uint8Array,
): boolean {
  return verify(publicKey, concatBytes(LINK_DOMAIN, conversationId, userId), proof);
}

/**
 * The next statement of that group, signed.
 * @throws RangeError for wrong lengths, and more people than one statement names
 */
export function membershipStatement(
  membership: Membership,
  signer: IdentityKeys,
  actor: Uint8Array,
  change: MembershipChange,
  at: number,
): Uint8Array {
  const payload = encodePayload(change);
  const bytes = new Uint8Array(HEAD_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, TYPES.indexOf(change.type) + 1);
  bytes.set(exactly(membership.conversationId, ID_BYTES), 2);
  view.setUint32(18, membership.length);
  bytes.set(exactly(membership.head, 32), 22);
  view.setBigUint64(54, BigInt(at));
  bytes.set(exactly(actor, ID_BYTES), 62);
  bytes.set(exactly(signer.publicKey, KEY_BYTES), 78);
  view.setUint16(110, payload.length);
  bytes.set(payload, HEAD_BYTES);
  return concatBytes(bytes, sign(signer, concatBytes(DOMAIN, bytes)));
}

/** @returns undefined for bytes that are no statement; the signature is not checked */
export function decodeMembershipStatement(bytes: Uint8Array): MembershipStatement | undefined {
  if (bytes.length < HEAD_BYTES + SIGNATURE_BYTES || bytes[0] !== 1) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[view.getUint8(1) - 1];
  const at = Number(view.getBigUint64(54));
  const length = view.getUint16(110);
  if (type === undefined || at > MAX_TIME) return undefined;
  if (bytes.length !== HEAD_BYTES + length + SIGNATURE_BYTES) return undefined;
  const change = decodePayload(type, bytes.slice(HEAD_BYTES, HEAD_BYTES + length));
  if (change === undefined) return undefined;
  return {
    conversationId: bytes.slice(2, 18),
    index: view.getUint32(18),
    previous: bytes.slice(22, 54),
    at,
    actor: bytes.slice(62, 78),
    signer: bytes.slice(78, 110),
    change,
  };
}

/**
 * Reads one more statement. That `signer` is a device of `actor` is not checked here.
 * @returns the group after it, or undefined where it does not belong there: malformed, out of turn, not
 * signed, by somebody who may not, or without effect
 */
export function extendMembership(
  membership: Membership,
  bytes: Uint8Array,
): Membership | undefined {
  const statement = decodeMembershipStatement(bytes);
  if (statement === undefined) return undefined;
  const signed = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  const signature = bytes.subarray(bytes.length - SIGNATURE_BYTES);
  if (
    statement.index !== membership.length ||
    membership.length >= MAX_MEMBERSHIP_STATEMENTS ||
    membership.dissolved ||
    !sameBytes(statement.conversationId, membership.conversationId) ||
    !sameBytes(statement.previous, membership.head) ||
    !verify(statement.signer, concatBytes(DOMAIN, signed), signature)
  ) {
    return undefined;
  }
  if (isKeptForEndings(membership) && !ENDINGS.has(statement.change.type)) return undefined;
  const changed = changedBy(membership, statement);
  if (changed === undefined) return undefined;
  return { ...changed, length: membership.length + 1, head: sha256(bytes) };
}

/** Is the log so long that the group can only become smaller? */
export function isKeptForEndings({ length }: Membership): boolean {
  return length >= MAX_MEMBERSHIP_STATEMENTS - KEPT_FOR_ENDINGS;
}

/** May somebody with that role do this to the group? What it names is not looked at. */
function mayChange(
  type: Exclude<MembershipStatementType, "found" | "join">,
  role: GroupRole,
  { membersInvite }: GroupSettings,
): boolean {
  switch (type) {
    case "role":
    case "dissolve":
      return role === "owner";
    case "invite":
      return role !== "member" || membersInvite;
    case "leave":
      return role !== "owner";
    default:
      return role !== "member";
  }
}

/** May a member with that role write there? */
export function mayWrite(role: GroupRole, { announcements }: GroupSettings): boolean {
  return role !== "member" || !announcements;
}

function changedBy(
  membership: Membership,
  { actor, at, change }: MembershipStatement,
): Membership | undefined {
  const { members, settings, barred } = membership;
  const actorKey = memberKey(actor);
  if (change.type === "found") return founded(membership, actor, change, at);
  if (membership.length === 0) return undefined;
  if (change.type === "join") return joined(membership, actor, change, at);
  const own = members.get(actorKey);
  if (own === undefined || !mayChange(change.type, own.role, settings)) return undefined;
  switch (change.type) {
    case "invite": {
      const next = withMembers(members, change.members, at);
      if (next === undefined) return undefined;
      const again = new Set(change.members.map(memberKey));
      return {
        ...membership,
        members: next,
        barred: new Set([...barred].filter((key) => !again.has(key))),
      };
    }
    case "remove": {
      const keys = change.members.map(memberKey);
      const isPermitted = keys.every((key) => {
        const role = members.get(key)?.role;
        return (
          key !== actorKey && (role === "member" || (role === "admin" && own.role === "owner"))
        );
      });
      if (!isPermitted || !isDistinct(keys)) return undefined;
      const next = new Map(members);
      for (const key of keys) next.delete(key);
      const all = [...barred, ...keys];
      return { ...membership, members: next, barred: new Set(all.slice(-MAX_BARRED)) };
    }
    case "leave": {
      const next = new Map(members);
      next.delete(actorKey);
      return { ...membership, members: next };
    }
    case "role": {
      const key = memberKey(change.member);
      const entry = members.get(key);
      if (entry === undefined || key === actorKey || entry.role === change.role) return undefined;
      const next = new Map(members).set(key, { ...entry, role: change.role });
      // There is one owner: who makes another is an admin from then on.
      if (change.role === "owner") next.set(actorKey, { ...own, role: "admin" });
      return { ...membership, members: next };
    }
    case "settings":
      return { ...membership, settings: change.settings };
    case "about":
      return { ...membership, about: change.hash };
    case "link": {
      const { link: _, ...rest } = membership;
      return change.link === undefined ? rest : { ...rest, link: change.link };
    }
    case "dissolve": {
      const { link: _, ...rest } = membership;
      return { ...rest, members: new Map(), dissolved: true };
    }
  }
}

function founded(
  membership: Membership,
  actor: Uint8Array,
  { about, members, nonce, settings }: Extract<MembershipChange, { type: "found" }>,
  at: number,
): Membership | undefined {
  const isOurs = sameBytes(groupConversationBytes(actor, nonce), membership.conversationId);
  if (membership.length !== 0 || !isOurs) return undefined;
  const owner = { userId: actor, role: "owner" as const, since: at };
  const all = withMembers(new Map([[memberKey(actor), owner]]), members, at);
  return (
    all && { ...membership, members: all, settings, ...(about === undefined ? {} : { about }) }
  );
}

function joined(
  membership: Membership,
  actor: Uint8Array,
  { proof, publicKey }: Extract<MembershipChange, { type: "join" }>,
  at: number,
): Membership | undefined {
  const { barred, conversationId, link, members } = membership;
  if (link === undefined || at >= link.expiresAt || barred.has(memberKey(actor))) return undefined;
  if (!sameBytes(link.publicKey, publicKey)) return undefined;
  if (!isGroupLinkProof(publicKey, conversationId, actor, proof)) return undefined;
  const next = withMembers(members, [actor], at);
  return next && { ...membership, members: next };
}

/** @returns undefined where one of them is in already, or they are too many */
function withMembers(
  members: ReadonlyMap<string, GroupMemberEntry>,
  added: readonly Uint8Array[],
  at: number,
): ReadonlyMap<string, GroupMemberEntry> | undefined {
  const next = new Map(members);
  for (const userId of added) {
    const key = memberKey(userId);
    if (next.has(key)) return undefined;
    next.set(key, { userId, role: "member", since: at });
  }
  return next.size > MAX_GROUP_MEMBERS ? undefined : next;
}

function encodePayload(change: MembershipChange): Uint8Array {
  switch (change.type) {
    case "found": {
      const { about, members, nonce, settings } = change;
      const flags = flagsOf(settings) | (about === undefined ? 0 : WITH_ABOUT);
      return concatBytes(
        exactly(nonce, NONCE_BYTES),
        Uint8Array.of(flags),
        about === undefined ? new Uint8Array() : exactly(about, HASH_BYTES),
        idsOf(members),
      );
    }
    case "invite":
    case "remove":
      return idsOf(change.members);
    case "role":
      return concatBytes(
        exactly(change.member, ID_BYTES),
        Uint8Array.of(ROLES.indexOf(change.role) + 1),
      );
    case "settings":
      return Uint8Array.of(flagsOf(change.settings));
    case "about":
      return exactly(change.hash, HASH_BYTES);
    case "link": {
      if (change.link === undefined) return new Uint8Array();
      const bytes = new Uint8Array(KEY_BYTES + 8);
      bytes.set(exactly(change.link.publicKey, KEY_BYTES));
      new DataView(bytes.buffer).setBigUint64(KEY_BYTES, BigInt(change.link.expiresAt));
      return bytes;
    }
    case "join":
      return concatBytes(
        exactly(change.publicKey, KEY_BYTES),
        exactly(change.proof, SIGNATURE_BYTES),
      );
    case "leave":
    case "dissolve":
      return new Uint8Array();
  }
}

function decodePayload(
  type: MembershipStatementType,
  payload: Uint8Array,
): MembershipChange | undefined {
  switch (type) {
    case "found": {
      const flags = payload[NONCE_BYTES];
      if (flags === undefined) return undefined;
      const named = (flags & WITH_ABOUT) !== 0;
      const from = NONCE_BYTES + 1 + (named ? HASH_BYTES : 0);
      const settings = settingsOf(Uint8Array.of(flags & ~WITH_ABOUT));
      const members = payload.length < from ? undefined : readIds(payload.subarray(from));
      if (settings === undefined || members === undefined) return undefined;
      const founded = { type, nonce: payload.slice(0, NONCE_BYTES), settings, members };
      return named ? { ...founded, about: payload.slice(NONCE_BYTES + 1, from) } : founded;
    }
    case "invite":
    case "remove": {
      const members = readIds(payload);
      return members === undefined || members.length === 0 ? undefined : { type, members };
    }
    case "role": {
      const role = ROLES[(payload[ID_BYTES] ?? 0) - 1];
      if (payload.length !== ID_BYTES + 1 || role === undefined) return undefined;
      return { type, member: payload.slice(0, ID_BYTES), role };
    }
    case "settings": {
      const settings = settingsOf(payload);
      return settings && { type, settings };
    }
    case "about":
      return payload.length === HASH_BYTES ? { type, hash: payload } : undefined;
    case "link": {
      if (payload.length === 0) return { type };
      if (payload.length !== KEY_BYTES + 8) return undefined;
      const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
      const expiresAt = Number(view.getBigUint64(KEY_BYTES));
      if (expiresAt > MAX_TIME) return undefined;
      return { type, link: { publicKey: payload.slice(0, KEY_BYTES), expiresAt } };
    }
    case "join":
      if (payload.length !== KEY_BYTES + SIGNATURE_BYTES) return undefined;
      return { type, publicKey: payload.slice(0, KEY_BYTES), proof: payload.slice(KEY_BYTES) };
    case "leave":
    case "dissolve":
      return payload.length === 0 ? { type } : undefined;
  }
}

function flagsOf({ announcements, membersInvite }: GroupSettings): number {
  return (announcements ? ADMINS_WRITE : 0) | (membersInvite ? MEMBERS_INVITE : 0);
}

function settingsOf(bytes: Uint8Array): GroupSettings | undefined {
  const [flags] = bytes;
  if (bytes.length !== 1 || flags === undefined || flags > (ADMINS_WRITE | MEMBERS_INVITE)) {
    return undefined;
  }
  return {
    announcements: (flags & ADMINS_WRITE) !== 0,
    membersInvite: (flags & MEMBERS_INVITE) !== 0,
  };
}

function idsOf(ids: readonly Uint8Array[]): Uint8Array {
  if (ids.length > MAX_NAMED) throw new RangeError(`a statement names ${MAX_NAMED} at most`);
  return concatBytes(...ids.map((id) => exactly(id, ID_BYTES)));
}

function readIds(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (bytes.length % ID_BYTES !== 0 || bytes.length > MAX_NAMED * ID_BYTES) return undefined;
  const ids: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += ID_BYTES) ids.push(bytes.slice(at, at + ID_BYTES));
  return ids;
}

function isDistinct(keys: readonly string[]): boolean {
  return new Set(keys).size === keys.length;
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${length} bytes are needed`);
  return bytes;
}

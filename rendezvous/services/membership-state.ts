import {
  KEY_BYTES,
  memberKey,
  type GroupMemberEntry,
  type GroupRole,
  type Membership,
} from "../../shared/crypto/index.ts";
import { ID_BYTES } from "../../shared/protocol/index.ts";

// What a membership log says, as it is kept beside the log, so that a log is never read from its start
// again: 32 bytes of the head, flags, 2 bytes of how many members there are; where the flags say so 32
// bytes of the name's hash, and a link's key with 8 bytes of its expiry; then 25 bytes of each member
// (id, role, since), and 16 of each who is barred.
const HASH_BYTES = 32;
const FLAGS_AT = HASH_BYTES;
const COUNT_AT = FLAGS_AT + 1;
const BODY_AT = COUNT_AT + 2;
const MEMBER_BYTES = ID_BYTES + 1 + 8;
const LINK_BYTES = KEY_BYTES + 8;

const ANNOUNCEMENTS = 1;
const MEMBERS_INVITE = 2;
const DISSOLVED = 4;
const WITH_ABOUT = 8;
const WITH_LINK = 16;

const ROLES: readonly GroupRole[] = ["member", "admin", "owner"];

export function encodeMembership(membership: Membership): Uint8Array {
  const { about, barred, dissolved, head, link, members, settings } = membership;
  const bytes = new Uint8Array(
    BODY_AT +
      (about === undefined ? 0 : HASH_BYTES) +
      (link === undefined ? 0 : LINK_BYTES) +
      members.size * MEMBER_BYTES +
      barred.size * ID_BYTES,
  );
  const view = new DataView(bytes.buffer);
  bytes.set(head);
  bytes[FLAGS_AT] =
    (settings.announcements ? ANNOUNCEMENTS : 0) |
    (settings.membersInvite ? MEMBERS_INVITE : 0) |
    (dissolved ? DISSOLVED : 0) |
    (about === undefined ? 0 : WITH_ABOUT) |
    (link === undefined ? 0 : WITH_LINK);
  view.setUint16(COUNT_AT, members.size);
  let at = BODY_AT;
  if (about !== undefined) {
    bytes.set(about, at);
    at += HASH_BYTES;
  }
  if (link !== undefined) {
    bytes.set(link.publicKey, at);
    view.setBigUint64(at + KEY_BYTES, BigInt(link.expiresAt));
    at += LINK_BYTES;
  }
  for (const { role, since, userId } of members.values()) {
    bytes.set(userId, at);
    bytes[at + ID_BYTES] = ROLES.indexOf(role);
    view.setBigUint64(at + ID_BYTES + 1, BigInt(since));
    at += MEMBER_BYTES;
  }
  for (const key of barred) {
    bytes.set(Buffer.from(key, "hex"), at);
    at += ID_BYTES;
  }
  return bytes;
}

/** @param bytes as they were encoded @param length statements of the log */
export function decodeMembership(
  conversationId: Uint8Array,
  length: number,
  bytes: Uint8Array,
): Membership {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(FLAGS_AT);
  const count = view.getUint16(COUNT_AT);
  let at = BODY_AT;
  const take = (size: number): Uint8Array => bytes.slice(at, (at += size));
  const about = (flags & WITH_ABOUT) === 0 ? undefined : take(HASH_BYTES);
  let link: Membership["link"];
  if ((flags & WITH_LINK) !== 0) {
    const publicKey = take(KEY_BYTES);
    link = { publicKey, expiresAt: Number(view.getBigUint64(at)) };
    at += 8;
  }
  const members = new Map<string, GroupMemberEntry>();
  for (let index = 0; index < count; index++) {
    const role = ROLES[view.getUint8(at + ID_BYTES)] ?? "member";
    const since = Number(view.getBigUint64(at + ID_BYTES + 1));
    const userId = bytes.slice(at, at + ID_BYTES);
    members.set(memberKey(userId), { userId, role, since });
    at += MEMBER_BYTES;
  }
  const barred = new Set<string>();
  while (at < bytes.length) barred.add(memberKey(take(ID_BYTES)));
  return {
    conversationId,
    length,
    head: bytes.slice(0, HASH_BYTES),
    members,
    settings: {
      announcements: (flags & ANNOUNCEMENTS) !== 0,
      membersInvite: (flags & MEMBERS_INVITE) !== 0,
    },
    ...(about === undefined ? {} : { about }),
    ...(link === undefined ? {} : { link }),
    barred,
    dissolved: (flags & DISSOLVED) !== 0,
  };
}

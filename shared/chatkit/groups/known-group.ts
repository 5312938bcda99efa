import * as v from "valibot";
import { limits } from "../../protocol/index.ts";
import {
  decodeBase64,
  encodeBase64,
  memberKey,
  type GroupMemberEntry,
  type GroupRole,
  type Membership,
} from "../../crypto/index.ts";
import type { GroupAbout, GroupStanding } from "./groups-api.ts";

/** Of each statement's hash: nobody makes two statements with the same. */
export const TRAIL_BYTES = 16;

/** Somebody who was in the group. */
export interface FormerMember {
  /** With which they left it. */
  readonly role: GroupRole;
  /** Statements of the log before the one that ended it. */
  readonly until: number;
}

/** Former members that are remembered: messages of theirs may still be on their way. */
export const MAX_FORMER_MEMBERS = 1_024;

/** What this device knows of a group, as it is kept. */
export interface KnownGroup {
  readonly membership: Membership;
  /** The first `TRAIL_BYTES` of the hash of each statement, in turn: whether two logs are one is told from them. */
  readonly trail: Uint8Array;
  /** Those who are in it no more, by `memberKey`; those who left first are forgotten for too many. */
  readonly former: ReadonlyMap<string, FormerMember>;
  /** Devices that had left their accounts' lists (`FormerDevices`) when the log was last read to its end. */
  readonly left: number;
  /** 32 bytes, with which name and picture are sealed; absent until somebody who has it has written. */
  readonly key?: Uint8Array;
  /** Name and picture as the log names them, sealed. */
  readonly sealedAbout?: Uint8Array;
  /** Opened. May be older than `sealedAbout`, where the key of that is not here. */
  readonly about?: GroupAbout;
  /** Of the present link, where it was made on this device. 32 bytes. */
  readonly linkSecret?: Uint8Array;
}

const Role = v.picklist(["member", "admin", "owner"]);

export const SavedAbout = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.MAX_GROUP_NAME_LENGTH)),
  description: v.exactOptional(
    v.pipe(v.string(), v.maxLength(limits.MAX_GROUP_DESCRIPTION_LENGTH)),
  ),
  picture: v.exactOptional(
    v.pipe(v.string(), v.base64(), v.maxLength(Math.ceil(limits.MAX_GROUP_PICTURE_BYTES / 3) * 4)),
  ),
});

const Saved = v.object({
  length: v.number(),
  head: v.string(),
  members: v.array(v.tuple([v.string(), Role, v.number()])),
  announcements: v.boolean(),
  membersInvite: v.boolean(),
  aboutHash: v.exactOptional(v.string()),
  link: v.exactOptional(v.object({ publicKey: v.string(), expiresAt: v.number() })),
  barred: v.array(v.string()),
  dissolved: v.boolean(),
  trail: v.string(),
  former: v.array(v.tuple([v.string(), Role, v.number()])),
  left: v.number(),
  key: v.exactOptional(v.string()),
  sealedAbout: v.exactOptional(v.string()),
  about: v.exactOptional(SavedAbout),
  linkSecret: v.exactOptional(v.string()),
});

export function encodeGroup(group: KnownGroup): Uint8Array {
  const { membership, trail, key, sealedAbout, about, linkSecret } = group;
  const { members, settings, link, barred } = membership;
  const saved: v.InferOutput<typeof Saved> = {
    length: membership.length,
    head: encodeBase64(membership.head),
    members: Array.from(members.values(), ({ userId, role, since }) => [
      encodeBase64(userId),
      role,
      since,
    ]),
    ...settings,
    ...(membership.about === undefined ? {} : { aboutHash: encodeBase64(membership.about) }),
    ...(link === undefined ? {} : { link: { ...link, publicKey: encodeBase64(link.publicKey) } }),
    barred: [...barred],
    dissolved: membership.dissolved,
    trail: encodeBase64(trail),
    left: group.left,
    former: Array.from(group.former, ([id, { role, until }]) => [id, role, until]),
    ...(key === undefined ? {} : { key: encodeBase64(key) }),
    ...(sealedAbout === undefined ? {} : { sealedAbout: encodeBase64(sealedAbout) }),
    ...(about === undefined ? {} : { about }),
    ...(linkSecret === undefined ? {} : { linkSecret: encodeBase64(linkSecret) }),
  };
  return new TextEncoder().encode(JSON.stringify(saved));
}

/** @returns undefined for what `encodeGroup` did not write */
export function decodeGroup(conversationId: Uint8Array, bytes: Uint8Array): KnownGroup | undefined {
  try {
    const saved = v.parse(Saved, JSON.parse(new TextDecoder().decode(bytes)));
    const { length, announcements, membersInvite, dissolved, link, about } = saved;
    const members = saved.members.map(([id, role, since]): [string, GroupMemberEntry] => {
      const userId = decodeBase64(id);
      return [memberKey(userId), { userId, role, since }];
    });
    return {
      membership: {
        conversationId,
        length,
        head: decodeBase64(saved.head),
        members: new Map(members),
        settings: { announcements, membersInvite },
        ...bytesAs("about", saved.aboutHash),
        ...(link === undefined
          ? {}
          : { link: { ...link, publicKey: decodeBase64(link.publicKey) } }),
        barred: new Set(saved.barred),
        dissolved,
      },
      trail: decodeBase64(saved.trail),
      left: saved.left,
      former: new Map(saved.former.map(([id, role, until]) => [id, { role, until }])),
      ...bytesAs("key", saved.key),
      ...bytesAs("sealedAbout", saved.sealedAbout),
      ...(about === undefined ? {} : { about }),
      ...bytesAs("linkSecret", saved.linkSecret),
    };
  } catch {
    // Damaged: the group is read anew, as by a device that does not know it.
    return undefined;
  }
}

/** Where that account stands. @param userId 16 bytes */
export function standingOf(
  { dissolved, members, barred }: Membership,
  userId: Uint8Array,
): GroupStanding {
  const key = memberKey(userId);
  if (dissolved) return "dissolved";
  if (members.has(key)) return "member";
  return barred.has(key) ? "removed" : "left";
}

function bytesAs<K extends string>(
  name: K,
  text: string | undefined,
): Partial<Record<K, Uint8Array>> {
  const fields: Partial<Record<K, Uint8Array>> = {};
  if (text !== undefined) fields[name] = decodeBase64(text);
  return fields;
}

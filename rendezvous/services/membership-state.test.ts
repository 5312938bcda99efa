import { expect, test } from "vitest";
import { emptyMembership, memberKey, type Membership } from "../../shared/crypto/index.ts";
import { decodeMembership, encodeMembership } from "./membership-state.ts";

const person = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const conversationId = person(200);

const full: Membership = {
  conversationId,
  length: 77,
  head: new Uint8Array(32).fill(9),
  members: new Map(
    (["owner", "admin", "member"] as const).map((role, n) => {
      const entry = { userId: person(n), role, since: 1_767_225_600_000 + n };
      return [memberKey(entry.userId), entry];
    }),
  ),
  settings: { announcements: true, membersInvite: false },
  about: new Uint8Array(32).fill(8),
  link: { publicKey: new Uint8Array(32).fill(7), expiresAt: 1_767_225_700_000 },
  barred: new Set([memberKey(person(250)), memberKey(person(1))]),
  dissolved: false,
};
const { about: _, ...unnamed } = full;
const { link: __, ...closed } = full;

test.each<[string, Membership]>([
  ["all of it", full],
  ["without a name", unnamed],
  ["without a link", closed],
  ["nothing at all", emptyMembership(conversationId)],
  [
    "dissolved",
    {
      ...closed,
      members: new Map(),
      dissolved: true,
      settings: { announcements: false, membersInvite: true },
    },
  ],
])("what a log says is read as it was written: %s", (_name, membership) => {
  // As a column of a database gives it: a part of something larger.
  const bytes = encodeMembership(membership);
  const held = new Uint8Array(bytes.length + 3);
  held.set(bytes, 3);
  expect(decodeMembership(conversationId, membership.length, held.subarray(3))).toEqual(membership);
});

import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  decodeMembershipStatement,
  emptyMembership,
  encodeBase64,
  extendMembership,
  groupConversationBytes,
  groupLinkKeys,
  groupLinkProof,
  identityKeysOf,
  isKeptForEndings,
  MAX_GROUP_MEMBERS,
  MAX_MEMBERSHIP_STATEMENT_BYTES,
  MAX_MEMBERSHIP_STATEMENTS,
  mayWrite,
  memberKey,
  membershipStatement,
  type GroupRole,
  type Membership,
  type MembershipChange,
} from "./index.ts";

const filled = (value: number, length: number) => new Uint8Array(length).fill(value);
const person = (n: number) => filled(n, 16);
const keysOf = (n: number) => identityKeysOf(filled(n, 32));
const [ada, ben, cleo, dora] = [person(1), person(2), person(3), person(4)];
const link = groupLinkKeys(filled(9, 32));
const nonce = filled(7, 16);
const settings = { announcements: false, membersInvite: false };
const AT = 1_767_225_600_000;

function nobody(): Membership {
  return emptyMembership(groupConversationBytes(ada, nonce));
}

/** Signed by the person's device, whose key is made of the same number. */
function statement(group: Membership, by: Uint8Array, change: MembershipChange, at = AT) {
  return membershipStatement(group, keysOf(by[0] ?? 0), by, change, at);
}

function tried(group: Membership, by: Uint8Array, change: MembershipChange, at = AT) {
  return extendMembership(group, statement(group, by, change, at));
}

/** The group after the change, which must be one that fits. */
function then(group: Membership, by: Uint8Array, change: MembershipChange, at = AT): Membership {
  const next = tried(group, by, change, at);
  if (next === undefined) throw new Error(`${change.type} does not fit`);
  return next;
}

function founding(
  ...members: readonly Uint8Array[]
): Extract<MembershipChange, { readonly type: "found" }> {
  return { type: "found", nonce, settings, members };
}

const removal = (...members: readonly Uint8Array[]): MembershipChange => ({
  type: "remove",
  members,
});
const invitation = (...members: readonly Uint8Array[]): MembershipChange => ({
  type: "invite",
  members,
});
const roleOf = (group: Membership, who: Uint8Array) => group.members.get(memberKey(who))?.role;
const making = (member: Uint8Array, role: GroupRole): MembershipChange => ({
  type: "role",
  member,
  role,
});

const group = then(nobody(), ada, founding(ben, cleo));
const linked = then(group, ada, {
  type: "link",
  link: { publicKey: link.publicKey, expiresAt: AT + 1000 },
});

function joining(to: Membership, by: Uint8Array, keys = link, as = by): MembershipChange {
  const proof = groupLinkProof(keys, to.conversationId, as);
  return { type: "join", publicKey: keys.publicKey, proof };
}

describe("statements", () => {
  test("G1: known answers stay the same from version to version", () => {
    const first = statement(nobody(), ada, founding(ben));
    expect(encodeBase64(first)).toMatchInlineSnapshot(
      `"AQENwJ9fqyn0qWZSTsjsMdRyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABm3baqAABAQEBAQEBAQEBAQEBAQEBiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1wAIQcHBwcHBwcHBwcHBwcHBwcAAgICAgICAgICAgICAgICAi0pn/dNM9HuAeklvyWQeILIPGD5DYXKiD3dAfwaVQ/LDY68elRrrYTEGcuWfZQ78unZTDQ9oVO/554C9WAPWQw="`,
    );
    expect(encodeBase64(group.conversationId)).toMatchInlineSnapshot(`"DcCfX6sp9KlmUk7I7DHUcg=="`);
    expect(encodeBase64(linked.head)).toMatchInlineSnapshot(
      `"3/WkYsbfTVkXji3sZhTLFI7N82+uevG88UL0mQv41rw="`,
    );
  });

  test("every kind is read as it was written", () => {
    const hash = filled(5, 32);
    const changes: MembershipChange[] = [
      founding(ben, cleo),
      { ...founding(ben), about: hash },
      { type: "found", nonce, settings: { announcements: true, membersInvite: true }, members: [] },
      invitation(ben),
      removal(ben, cleo),
      { type: "leave" },
      making(ben, "owner"),
      { type: "settings", settings: { announcements: false, membersInvite: true } },
      { type: "about", hash },
      { type: "link", link: { publicKey: link.publicKey, expiresAt: AT } },
      { type: "link" },
      joining(group, dora),
      { type: "dissolve" },
    ];
    for (const change of changes) {
      const read = decodeMembershipStatement(statement(group, ada, change));
      expect(read).toEqual({
        conversationId: group.conversationId,
        index: 1,
        previous: group.head,
        at: AT,
        actor: ada,
        signer: keysOf(1).publicKey,
        change,
      });
    }
  });

  test("the longest founds a group of everybody, and fits its bound", () => {
    const others = Array.from({ length: MAX_GROUP_MEMBERS - 1 }, (_, n) => {
      const id = new Uint8Array(16);
      new DataView(id.buffer).setUint16(0, n + 300);
      return id;
    });
    const founded = statement(nobody(), ada, { ...founding(...others), about: filled(5, 32) });
    expect(founded.length).toBeLessThanOrEqual(MAX_MEMBERSHIP_STATEMENT_BYTES);
    const full = extendMembership(nobody(), founded);
    expect(full?.members.size).toBe(MAX_GROUP_MEMBERS);
    expect(full && tried(full, ada, invitation(dora))).toBeUndefined();
    expect(() => statement(nobody(), ada, founding(...others, ben, cleo))).toThrow(RangeError);
  });

  test("G1: one that is changed in any place is none", () => {
    const good = statement(group, ada, invitation(dora));
    expect(extendMembership(group, good)).toBeDefined();
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(extendMembership(group, bad), `byte ${at}`).toBeUndefined();
    }
    expect(extendMembership(group, good.subarray(1))).toBeUndefined();
    expect(extendMembership(group, Uint8Array.of(...good, 0))).toBeUndefined();
  });

  test("G1: one belongs to one place in one log", () => {
    const good = statement(group, ada, invitation(dora));
    const after = then(group, ada, invitation(dora));
    expect(extendMembership(after, good)).toBeUndefined();
    const other = then(nobody(), ada, founding(ben));
    expect(extendMembership(other, good)).toBeUndefined();
    expect(extendMembership(nobody(), good)).toBeUndefined();
    // Signed by another key than it names.
    const forged = membershipStatement(
      group,
      { publicKey: keysOf(1).publicKey, secretKey: keysOf(2).secretKey },
      ada,
      invitation(dora),
      AT,
    );
    expect(extendMembership(group, forged)).toBeUndefined();
  });
});

describe("founding", () => {
  test("G1: by whom the id is made of, once, everybody in it once", () => {
    expect(roleOf(group, ada)).toBe("owner");
    expect([...group.members.values()].map(({ role, since }) => [role, since])).toEqual([
      ["owner", AT],
      ["member", AT],
      ["member", AT],
    ]);
    expect(tried(nobody(), ben, founding(ada))).toBeUndefined();
    expect(tried(nobody(), ada, { ...founding(ben), nonce: filled(8, 16) })).toBeUndefined();
    expect(tried(nobody(), ada, founding(ben, ben))).toBeUndefined();
    expect(tried(nobody(), ada, founding(ada))).toBeUndefined();
    expect(tried(group, ada, founding(ben))).toBeUndefined();
    expect(tried(nobody(), ada, { type: "settings", settings })).toBeUndefined();
  });

  test("G5: with the name's hash, or without", () => {
    expect(group.about).toBeUndefined();
    const hash = filled(5, 32);
    expect(then(nobody(), ada, { ...founding(ben), about: hash }).about).toEqual(hash);
    expect(then(group, ada, { type: "about", hash }).about).toEqual(hash);
  });
});

describe("who may do what", () => {
  const withAdmin = then(group, ada, making(ben, "admin"));

  test.each<[MembershipChange, readonly GroupRole[]]>([
    [invitation(dora), ["admin", "owner"]],
    [{ type: "settings", settings }, ["admin", "owner"]],
    [{ type: "about", hash: filled(5, 32) }, ["admin", "owner"]],
    [{ type: "link" }, ["admin", "owner"]],
    [{ type: "leave" }, ["member", "admin"]],
    [{ type: "dissolve" }, ["owner"]],
    [making(person(5), "admin"), ["owner"]],
    [removal(person(5)), ["admin", "owner"]],
  ])("G2: $type", (change, roles) => {
    const five = then(withAdmin, ada, invitation(person(5)));
    const people = { member: cleo, admin: ben, owner: ada } as const;
    const may = (["member", "admin", "owner"] as const).filter(
      (role) => tried(five, people[role], change) !== undefined,
    );
    expect(may).toEqual(roles);
    expect(tried(five, dora, change)).toBeUndefined();
  });

  test("G2: members invite where the settings say so", () => {
    const open = then(group, ada, {
      type: "settings",
      settings: { announcements: false, membersInvite: true },
    });
    expect(roleOf(then(open, cleo, invitation(dora)), dora)).toBe("member");
    expect(tried(open, cleo, invitation(ben))).toBeUndefined();
    expect(tried(open, dora, invitation(dora))).toBeUndefined();
  });

  test("G2: admins remove members, the owner admins too; nobody the owner or themselves", () => {
    const two = then(withAdmin, ada, making(cleo, "admin"));
    expect(tried(two, ben, removal(cleo))).toBeUndefined();
    expect(tried(two, ben, removal(ada))).toBeUndefined();
    expect(tried(two, ben, removal(ben))).toBeUndefined();
    expect(tried(two, ada, removal(ada))).toBeUndefined();
    expect(tried(two, ada, removal(ben, ben))).toBeUndefined();
    expect(tried(two, ada, removal(ben, dora))).toBeUndefined();
    expect(then(two, ada, removal(ben, cleo)).members.size).toBe(1);
  });

  test("G2: there is one owner; who makes another is an admin", () => {
    const handed = then(group, ada, making(ben, "owner"));
    expect([roleOf(handed, ada), roleOf(handed, ben)]).toEqual(["admin", "owner"]);
    expect(tried(handed, ada, making(cleo, "admin"))).toBeUndefined();
    expect(tried(handed, ben, making(ben, "member"))).toBeUndefined();
    expect(tried(handed, ben, making(ada, "admin"))).toBeUndefined();
    expect(roleOf(then(handed, ben, making(ada, "member")), ada)).toBe("member");
  });

  test("G2: in a group of announcements only owner and admins write", () => {
    const roles: GroupRole[] = ["member", "admin", "owner"];
    const may = (announcements: boolean) =>
      roles.map((role) => mayWrite(role, { announcements, membersInvite: false }));
    expect(may(true)).toEqual([false, true, true]);
    expect(may(false)).toEqual([true, true, true]);
  });

  test("G2: what is dissolved stays so, without members and link", () => {
    const ended = then(linked, ada, { type: "dissolve" });
    expect(ended).toMatchObject({ dissolved: true, members: new Map() });
    expect(ended.link).toBeUndefined();
    expect(tried(ended, ada, invitation(dora))).toBeUndefined();
    expect(tried(ended, dora, joining(ended, dora))).toBeUndefined();
  });
});

describe("links", () => {
  test("G7: whoever knows the secret comes in, before it expires, as themselves", () => {
    expect(roleOf(then(linked, dora, joining(linked, dora)), dora)).toBe("member");
    expect(tried(linked, dora, joining(linked, dora), AT + 1000)).toBeUndefined();
    expect(tried(linked, dora, joining(linked, dora, groupLinkKeys(filled(8, 32))))).toBe(
      undefined,
    );
    expect(tried(linked, dora, joining(linked, dora, link, person(5)))).toBeUndefined();
    expect(tried(group, dora, joining(group, dora))).toBeUndefined();
    expect(tried(linked, ben, joining(linked, ben))).toBeUndefined();
    const ended = then(linked, ada, { type: "link" });
    expect(tried(ended, dora, joining(ended, dora))).toBeUndefined();
  });

  test("G7: who was removed comes back by invitation only; who left, by the link too", () => {
    const without = then(then(linked, ada, removal(ben)), cleo, { type: "leave" });
    expect(tried(without, ben, joining(without, ben))).toBeUndefined();
    expect(roleOf(then(without, cleo, joining(without, cleo)), cleo)).toBe("member");
    const back = then(without, ada, invitation(ben));
    const left = then(back, ben, { type: "leave" });
    expect(roleOf(then(left, ben, joining(left, ben)), ben)).toBe("member");
  });

  test("G13: the last statements of a log only make the group smaller", () => {
    const long = { ...linked, length: MAX_MEMBERSHIP_STATEMENTS - MAX_GROUP_MEMBERS };
    expect(isKeptForEndings(long)).toBe(true);
    expect(isKeptForEndings({ ...long, length: long.length - 1 })).toBe(false);
    expect(tried(long, ada, invitation(dora))).toBeUndefined();
    expect(tried(long, dora, joining(long, dora))).toBeUndefined();
    expect(tried(long, ada, { type: "settings", settings })).toBeUndefined();
    expect(tried(long, ada, removal(cleo))).toBeDefined();
    expect(tried(long, ben, { type: "leave" })).toBeDefined();
    expect(tried(long, ada, { type: "dissolve" })).toBeDefined();
    const full = { ...linked, length: MAX_MEMBERSHIP_STATEMENTS };
    expect(tried(full, ada, { type: "dissolve" })).toBeUndefined();
  });
});

describe("whatever is tried", () => {
  const someone = fc.integer({ min: 1, max: 6 }).map(person);
  const some = fc.array(someone, { minLength: 1, maxLength: 3 });
  const attempt = fc.record({
    // Half of it by whoever may do everything, so that much of it is permitted.
    by: fc.oneof(fc.constant("owner" as const), someone),
    change: fc.oneof(
      some.map((members) => invitation(...members)),
      some.map((members) => removal(...members)),
      fc
        .record({ member: someone, role: fc.constantFrom<GroupRole>("member", "admin", "owner") })
        .map(({ member, role }) => making(member, role)),
      fc.constant<MembershipChange>({ type: "leave" }),
      fc
        .record({ announcements: fc.boolean(), membersInvite: fc.boolean() })
        .map((chosen): MembershipChange => ({ type: "settings", settings: chosen })),
      fc.constant("join" as const),
    ),
  });

  test("G2: a group has one owner, nobody barred among its members, and one state of its log", () => {
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 25 }), (attempts) => {
        let state = linked;
        const log: Uint8Array[] = [];
        for (const { by: maker, change } of attempts) {
          const owner = [...state.members.values()].find(({ role }) => role === "owner");
          const by = maker === "owner" ? (owner?.userId ?? ada) : maker;
          const wanted = change === "join" ? joining(state, by) : change;
          const bytes = statement(state, by, wanted);
          const next = extendMembership(state, bytes);
          if (next === undefined) continue;
          log.push(bytes);
          state = next;
          const roles = [...state.members.values()].map(({ role }) => role);
          expect(roles.filter((role) => role === "owner")).toHaveLength(1);
          for (const key of state.barred) expect(state.members.has(key)).toBe(false);
        }
        const again = log.reduce<Membership | undefined>(
          (read, bytes) => read && extendMembership(read, bytes),
          linked,
        );
        expect(again).toEqual(state);
      }),
      { numRuns: 30 },
    );
  });
});

test("a time that no calendar has is none: whoever shows it must not fail at it", () => {
  const end = 2 ** 48 - 1;
  const { publicKey } = link;
  expect(tried(group, ada, removal(ben), end)).toBeDefined();
  expect(tried(group, ada, { type: "link", link: { publicKey, expiresAt: end } })).toBeDefined();
  expect(() => new Date(end).toISOString()).not.toThrow();
  expect(tried(group, ada, removal(ben), end + 1)).toBeUndefined();
  expect(
    tried(group, ada, { type: "link", link: { publicKey, expiresAt: end + 1 } }),
  ).toBeUndefined();
});

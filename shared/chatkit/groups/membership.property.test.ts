import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeId, type ConversationId } from "../../protocol/index.ts";
import {
  emptyMembership,
  extendMembership,
  memberKey,
  statementHash,
  type GroupRole,
  type Membership,
} from "../../crypto/index.ts";
import {
  MembershipWorld,
  type MembershipNode,
  type RequestFate,
} from "../testing/membership-world.ts";
import { idBytes } from "../trust/device-id.ts";
import type { Planned } from "./group-changes.ts";

const PEOPLE = 5;
const ROLES: readonly GroupRole[] = ["member", "admin", "owner"];

/** What one device does, or what befalls it. */
const Deed = fc.record({
  device: fc.nat(7),
  what: fc.constantFrom(
    "invite",
    "invite",
    "remove",
    "leave",
    "role",
    "settings",
    "away",
    "back",
    "restart",
    "device leaves",
  ),
  target: fc.nat(PEOPLE - 1),
  role: fc.nat(2),
  /** ms until the next deed begins; 0: at the same moment. */
  pause: fc.constantFrom(0, 0, 0, 5, 60),
});

/** One in about twenty requests goes wrong. */
const Dice = fc.array(fc.nat(39), { minLength: 40, maxLength: 40 });
const FATES: readonly RequestFate[] = ["lost", "answer-lost"];
const Ways = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 20, maxLength: 20 });

type DeedOf = typeof Deed extends fc.Arbitrary<infer D> ? D : never;

function planOf(
  { role, what }: DeedOf,
  target: Uint8Array,
  self: Uint8Array,
): ((membership: Membership) => Planned | undefined) | undefined {
  switch (what) {
    case "invite":
      return ({ members }) =>
        members.has(memberKey(target))
          ? undefined
          : { change: { type: "invite", members: [target] } };
    case "remove":
      return ({ members }) =>
        members.has(memberKey(target))
          ? { change: { type: "remove", members: [target] } }
          : undefined;
    case "leave":
      return ({ members }) =>
        members.has(memberKey(self)) ? { change: { type: "leave" } } : undefined;
    case "role":
      return ({ members }) => {
        const next = ROLES[role] ?? "member";
        const present = members.get(memberKey(target))?.role;
        return present === undefined || present === next
          ? undefined
          : { change: { type: "role", member: target, role: next } };
      };
    case "settings":
      return ({ settings }) => ({
        change: {
          type: "settings",
          settings: { ...settings, membersInvite: !settings.membersInvite },
        },
      });
    default:
      return undefined;
  }
}

async function happen(
  world: MembershipWorld,
  id: ConversationId,
  deed: DeedOf,
  calls: Promise<void>[],
): Promise<void> {
  const node = world.nodes[deed.device % world.nodes.length];
  const target = world.nodes[deed.target];
  if (node === undefined || target === undefined) return;
  const plan = planOf(deed, idBytes(target.userId), idBytes(node.userId));
  // What it comes to is seen in the end.
  const nothing = (): void => undefined;
  if (plan !== undefined) calls.push(node.changes.change(id, plan).then(nothing, nothing));
  if (deed.what === "away") node.setOnline(false);
  if (deed.what === "back" && !node.isOnline && !isGone(world, node)) node.setOnline(true);
  if (deed.what === "restart") await node.restart();
  // Second devices come and go; nobody's only one does.
  if (deed.what === "device leaves" && world.nodes.indexOf(node) >= PEOPLE) {
    node.setOnline(false);
    world.unlist(node);
  }
  if (deed.pause > 0) await world.clock.advance(deed.pause);
}

function isGone({ former }: MembershipWorld, { identity, userId }: MembershipNode): boolean {
  return former.get(userId)?.includes(identity.publicKey) === true;
}

/** What happened while that account was in the group, for its history. */
function newsFor(statements: readonly Uint8Array[], id: ConversationId, key: string): string[] {
  let membership = emptyMembership(idBytes(id));
  return statements.flatMap((bytes) => {
    const before = membership;
    membership = extendMembership(membership, bytes) ?? membership;
    const isTheirs = before.members.has(key) || membership.members.has(key);
    return isTheirs ? [encodeId(statementHash(bytes).subarray(0, 16))] : [];
  });
}

test("G3, G4: whoever changes what at the same moment, all come to one log", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Deed, { minLength: 3, maxLength: 25 }),
      Dice,
      Ways,
      async (deeds, dice, ways) => {
        await using world = new MembershipWorld();
        for (let person = 1; person <= PEOPLE; person++) await world.add(person);
        // Two people have a second device.
        for (const person of [1, 2]) await world.add(person);
        const [ada, ben, cleo] = world.nodes;
        if (ada === undefined || ben === undefined || cleo === undefined) return;
        const settings = { announcements: false, membersInvite: false };
        const first = [ben.userId, cleo.userId];
        const id = await world.run(ada.changes.found({ name: "Team" }, settings, first));
        let request = 0;
        let step = 0;
        world.fate = () => FATES[dice[request++ % dice.length] ?? FATES.length];
        world.way = () => ways[step++ % ways.length] ?? 1;
        const calls: Promise<void>[] = [];
        for (const deed of deeds) await happen(world, id, deed, calls);
        await world.run(Promise.all(calls));
        world.fate = () => undefined;
        const present = world.nodes.filter((node) => !isGone(world, node));
        for (const node of present) {
          node.setOnline(false);
          node.setOnline(true);
        }
        await world.clock.advance(60_000);
        const log = world.logs.get(id);
        if (log === undefined) throw new Error("no log");
        const owners = [...log.membership.members.values()].filter(({ role }) => role === "owner");
        expect(owners, "there is one owner").toHaveLength(1);
        for (const node of present) {
          const known = node.book.known(id)?.membership;
          const key = memberKey(idBytes(node.userId));
          const isIn = log.membership.members.has(key);
          // Whoever left knows what there was until then; who was away in between, nothing.
          const end = isIn ? log.membership.length : log.ends.get(key);
          expect(isIn ? [end] : [end, undefined]).toContain(known?.length);
          expect(isIn ? known : undefined).toEqual(isIn ? log.membership : undefined);
          expect(node.book.get(id)?.standing === "member").toBe(isIn);
          // A device that ended between telling and saving has told it again.
          const told = new Set(node.news.map((news) => news.id));
          const all = known === undefined ? [] : newsFor(log.statements, id, key);
          expect([...told], "told in order").toEqual(all);
          expect(node.notices).toEqual([]);
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
}, 120_000);

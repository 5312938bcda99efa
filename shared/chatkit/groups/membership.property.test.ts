import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConversationId } from "../../protocol/index.ts";
import { memberKey, type GroupRole, type Membership } from "../../crypto/index.ts";
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

/** What the history of an account must have been told: all that happened while it was in the group. */
function expectTold(node: MembershipNode, id: ConversationId): void {
  const ids = node.news.filter(({ conversationId }) => conversationId === id).map((one) => one.id);
  // A device that ended between telling and saving tells again.
  expect([...new Set(ids)].length, "each once").toBe(new Set(ids).size);
  const last = node.news.at(-1)?.note;
  if (node.book.get(id)?.standing === "removed") expect(last?.change).toBe("remove");
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
          if (log.membership.members.has(key)) {
            expect(known, "all of them know the same").toEqual(log.membership);
            expect(node.book.get(id)?.standing).toBe("member");
          } else if (known !== undefined) {
            expect(known.length, "to the end of what was theirs").toBe(log.ends.get(key));
            expect(node.book.get(id)?.standing).not.toBe("member");
          }
          expectTold(node, id);
          expect(node.notices).toEqual([]);
        }
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
}, 120_000);

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  groupLinkKeys,
  groupLinkProof,
  memberKey,
  type MembershipChange,
} from "../../shared/crypto/index.ts";
import { errorNameOf, type TestClient } from "../testing/test-client.ts";
import { TestGroup } from "../testing/test-group.ts";
import { befriend, startTestServer, type TestServer } from "../testing/test-server.ts";
import { idBytes } from "./id-bytes.ts";

const PEOPLE = 5;
const link = groupLinkKeys(new Uint8Array(32).fill(9));

/** What somebody tries; people by their number. */
interface Attempt {
  readonly by: number;
  readonly kind: "invite" | "remove" | "leave" | "admin" | "member" | "owner" | "settings" | "join";
  readonly whom: number;
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  by: fc.nat(PEOPLE - 1),
  kind: fc.constantFrom(
    "invite",
    "remove",
    "leave",
    "admin",
    "member",
    "owner",
    "settings",
    "join",
  ),
  whom: fc.nat(PEOPLE - 1),
});

/** Everybody knows everybody. */
async function friends(server: TestServer): Promise<readonly TestClient[]> {
  const people: TestClient[] = [];
  for (let n = 0; n < PEOPLE; n++) {
    const one = await server.register(`person${n}`);
    for (const other of people) await befriend(one, other);
    people.push(one);
  }
  return people;
}

function changeOf({ kind, whom }: Attempt, by: TestClient, group: TestGroup, other: TestClient) {
  const member = idBytes(other.userId);
  const changes: Readonly<Record<Attempt["kind"], MembershipChange>> = {
    invite: { type: "invite", members: [member] },
    remove: { type: "remove", members: [member] },
    leave: { type: "leave" },
    admin: { type: "role", member, role: "admin" },
    member: { type: "role", member, role: "member" },
    owner: { type: "role", member, role: "owner" },
    settings: {
      type: "settings",
      settings: { announcements: whom % 2 === 0, membersInvite: true },
    },
    join: {
      type: "join",
      publicKey: link.publicKey,
      proof: groupLinkProof(link, group.membership.conversationId, idBytes(by.userId)),
    },
  };
  return changes[kind];
}

test("G3 whatever is tried at the same time, what is granted is one log, and all read the same", async () => {
  await using server = await startTestServer();
  const people = await friends(server);
  const [ada] = people;
  if (ada === undefined) throw new Error("nobody");
  const at = (n: number): TestClient => people[n] ?? ada;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(attempt, { minLength: 2, maxLength: 4 }), { maxLength: 5 }),
      async (rounds) => {
        const group = await TestGroup.found(ada, [at(1), at(2)]);
        const { conversationId } = group;
        const expiresAt = server.clock.now() + 1e9;
        await group.change(ada, { type: "link", link: { publicKey: link.publicKey, expiresAt } });
        for (const round of rounds) {
          const tried = round.map(async (one) => {
            const by = at(one.by);
            const change = changeOf(one, by, group, at(one.whom));
            const method = change.type === "join" ? "conversation.join" : "conversation.append";
            const statement = group.statement(by, change);
            const outcome = await by.refusal(method, { conversationId, statement });
            return { outcome, statement };
          });
          const outcomes = await Promise.all(tried);
          const granted = outcomes.filter(({ outcome }) => outcome === "granted");
          // All continue the same place.
          expect(granted.length).toBeLessThanOrEqual(1);
          for (const { statement } of granted) group.believe(statement);
        }
        for (const person of people) await readsWhatIsSo(person, group);
        const head = await server.store.conversations.head(conversationId);
        expect(head?.length).toBe(group.membership.length);
      },
    ),
    { numRuns: 8, seed: 20_261_124 },
  );
  expect(await server.store.check()).toEqual([]);
});

/** A member reads all; who was one reads to the end of that; the server's list says the same. */
async function readsWhatIsSo(person: TestClient, group: TestGroup): Promise<void> {
  const { conversationId, membership } = group;
  const key = memberKey(idBytes(person.userId));
  const isMember = membership.members.has(key);
  const { conversations } = await person.request("conversation.list", {});
  const listed = conversations.find((one) => one.conversationId === conversationId);
  expect(listed?.length).toBe(isMember ? membership.length : undefined);
  const answer = await errorNameOf(group.readAnew(person));
  // The other where they never were in it.
  expect(["granted", "no-such-conversation"]).toContain(answer);
  const read = answer === "granted" ? await group.readAnew(person) : undefined;
  expect(read?.members.has(key) ?? false).toBe(isMember);
  expect(isMember ? read : membership).toEqual(membership);
}

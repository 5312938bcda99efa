import { expect, test } from "vitest";
import { identityKeysOf, type MembershipChange } from "../../shared/crypto/index.ts";
import { limits } from "../../shared/protocol/index.ts";
import { newKeys, type TestClient } from "../testing/test-client.ts";
import { named, sealedName, TestGroup } from "../testing/test-group.ts";
import { befriend, startTestServer, type TestServer } from "../testing/test-server.ts";

const link = identityKeysOf(new Uint8Array(32).fill(9));

/** Ada, and three buddies of hers who do not know each other. */
async function people(server: TestServer): Promise<[TestClient, TestClient, TestClient]> {
  const [ada, ben] = await server.buddies("ada", "ben");
  const cleo = await server.register("cleo");
  await befriend(ada, cleo);
  return [ada, ben, cleo];
}

function openLink(server: TestServer, forMs = 60_000): MembershipChange {
  const expiresAt = server.clock.now() + forMs;
  return { type: "link", link: { publicKey: link.publicKey, expiresAt } };
}

test("G1 a group is founded, its members are told, and all read the same", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const phone = await server.connect();
  await phone.signIn("ada");
  const group = await TestGroup.found(ada, [ben, cleo]);
  const { conversationId } = group;
  for (const client of [ben, cleo, phone]) {
    expect(await client.event("conversation.changed")).toEqual({ conversationId, length: 1 });
    expect(await client.request("conversation.list", {})).toEqual({
      conversations: [{ conversationId, length: 1 }],
      more: false,
    });
  }
  expect(ada.eventNames()).not.toContain("conversation.changed");
  const { statements } = await cleo.request("conversation.log", { conversationId, after: 0 });
  expect(statements).toHaveLength(1);
  expect((await group.read(cleo)).members.size).toBe(3);
});

test("G1 what is not signed by the asking device, for its own account and that group, is refused", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = new TestGroup(ada);
  const { conversationId } = group;
  const found = (by: TestClient, statement: string): Promise<string> =>
    by.refusal("conversation.found", { conversationId, statement });
  // In somebody's name, by another device, as a change of a group that is none, and under another id.
  expect(await found(ben, group.founding(ada, [ben]))).toBe("not-permitted");
  expect(await found(ben, group.founding(ben, [ada]))).toBe("not-permitted");
  const settings = { announcements: false, membersInvite: false };
  expect(await found(ada, group.statement(ada, { type: "settings", settings }))).toBe(
    "not-permitted",
  );
  expect(await found(ada, group.founding(ada, [ben], settings, newKeys()))).toBe("not-permitted");
  const other = new TestGroup(ada);
  expect(await found(ada, other.founding(ada, [ben]))).toBe("not-permitted");
  expect(await found(ada, Buffer.from("nonsense").toString("base64"))).toBe("not-permitted");
  expect(await found(ada, group.founding(ada, [ben]))).toBe("granted");
  expect(await found(ada, group.founding(ada, [ben, cleo]))).toBe("conversation-exists");
});

test("G2 everybody may do what their role says, and nothing else", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = await TestGroup.found(ada, [ben, cleo]);
  const [benId] = named(ben);
  const [cleoId] = named(cleo);
  if (benId === undefined || cleoId === undefined) throw new Error("nobody");
  const removal: MembershipChange = { type: "remove", members: [cleoId] };
  expect(await group.attempt(ben, removal)).toBe("not-permitted");
  expect(await group.attempt(ben, { type: "dissolve" })).toBe("not-permitted");
  expect(await group.attempt(ada, { type: "leave" })).toBe("not-permitted");
  await group.change(ada, { type: "role", member: benId, role: "admin" });
  expect(await group.attempt(ben, { type: "remove", members: named(ada) })).toBe("not-permitted");
  await group.change(ben, removal);
  await group.change(ada, { type: "role", member: benId, role: "owner" });
  expect(await group.attempt(ada, { type: "dissolve" })).toBe("not-permitted");
  await group.change(ada, { type: "leave" });
  expect((await group.read(ben)).members.size).toBe(1);
});

test("G3 of two changes at the same moment one is taken; the other is made again on top of it", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = await TestGroup.found(ada, [ben, cleo]);
  const [benId] = named(ben);
  if (benId === undefined) throw new Error("nobody");
  await group.change(ada, { type: "role", member: benId, role: "admin" });
  const settings = { announcements: true, membersInvite: false };
  const outcomes = await Promise.all([
    group.attempt(ada, { type: "settings", settings }),
    group.attempt(ben, { type: "remove", members: named(cleo) }),
  ]);
  expect(outcomes.toSorted()).toEqual(["granted", "membership-conflict"]);
  const length = group.membership.length + 1;
  const loser = outcomes[0] === "granted" ? ben : ada;
  await loser.event("conversation.changed", (params) => params.length === length);
  await group.read(loser);
  if (loser === ada) await group.change(ada, { type: "settings", settings });
  else await group.change(ben, { type: "remove", members: named(cleo) });
  expect(group.membership).toMatchObject({ settings, length: 4 });
  expect(group.membership.members.size).toBe(2);
});

test("G6 whoever was removed is told, reads up to there, and may nothing more", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = await TestGroup.found(ada, [ben, cleo]);
  const { conversationId } = group;
  const seen = group.membership;
  await ben.event("conversation.changed");
  await group.change(ada, { type: "remove", members: named(ben) });
  expect(await ben.event("conversation.changed", ({ length }) => length === 2)).toMatchObject({
    conversationId,
  });
  await group.change(ada, {
    type: "settings",
    settings: { announcements: true, membersInvite: true },
  });
  await cleo.event("conversation.changed", ({ length }) => length === 3);
  const log = await ben.request("conversation.log", { conversationId, after: 0 });
  expect(log.statements).toHaveLength(2);
  expect(log.length).toBe(2);
  expect((await ben.request("conversation.list", {})).conversations).toEqual([]);
  await ben.request("session.ping", {});
  expect(ben.eventNames()).not.toContain("conversation.changed");
  // At its own end, and where it has not read that yet.
  expect(await group.attempt(ben, { type: "leave" })).toBe("membership-conflict");
  group.membership = seen;
  expect(await group.attempt(ben, { type: "leave" })).toBe("membership-conflict");
  group.believe(log.statements[1] ?? "");
  expect(await group.attempt(ben, { type: "leave" })).toBe("not-permitted");
  // Back by invitation, with all of the log.
  await group.read(ada);
  await group.change(ada, { type: "invite", members: named(ben) });
  expect((await ben.request("conversation.log", { conversationId, after: 0 })).length).toBe(4);
});

test("G11 whoever never was in a group learns nothing of it", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = await TestGroup.found(ada, [ben]);
  const { conversationId } = group;
  const none = "no-such-conversation";
  expect(await cleo.refusal("conversation.log", { conversationId, after: 0 })).toBe(none);
  expect(await group.attempt(cleo, { type: "leave" })).toBe(none);
  const userIds = [ada.userId];
  expect(await cleo.refusal("conversation.profiles", { conversationId, userIds })).toBe(none);
  expect(cleo.eventNames()).not.toContain("conversation.changed");
});

test("G7 only buddies of the one who invites come in; a blocked one draws nobody into a group", async () => {
  await using server = await startTestServer();
  const [ada, ben, cleo] = await people(server);
  const group = await TestGroup.found(ada, [ben], { announcements: false, membersInvite: true });
  expect(await group.attempt(ben, { type: "invite", members: named(cleo) })).toBe("not-buddies");
  const lonely = new TestGroup(ben);
  const statement = lonely.founding(ben, [cleo]);
  const { conversationId } = lonely;
  expect(await ben.refusal("conversation.found", { conversationId, statement })).toBe(
    "not-buddies",
  );
  await cleo.request("roster.block", { userId: ada.userId });
  expect(await group.attempt(ada, { type: "invite", members: named(cleo) })).toBe(
    "too-many-groups",
  );
  await befriend(ben, cleo);
  await group.change(ben, { type: "invite", members: named(cleo) });
  expect(await cleo.event("conversation.changed")).toMatchObject({ length: 2 });
});

test("G5 a sealed name is kept where a statement names it, and comes with the log's end", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await server.buddies("ada", "ben");
  const group = new TestGroup(ada);
  const { conversationId } = group;
  const first = sealedName("first");
  const settings = { announcements: false, membersInvite: false };
  expect(
    await ada.refusal("conversation.found", {
      conversationId,
      statement: group.founding(ada, [ben]),
      about: first.about,
    }),
  ).toBe("not-permitted");
  await TestGroup.found(ada, [ben], settings);
  const named = await TestGroup.found(ada, [ben]);
  const log = (): Promise<unknown> =>
    ben
      .request("conversation.log", { conversationId: named.conversationId, after: 0 })
      .then(({ about }) => about);
  expect(await log()).toBeUndefined();
  const { about, hash } = sealedName("second");
  expect(await named.attempt(ada, { type: "about", hash })).toBe("not-permitted");
  expect(await named.attempt(ada, { type: "about", hash }, first.about)).toBe("not-permitted");
  expect(await named.attempt(ada, { type: "settings", settings }, about)).toBe("not-permitted");
  await named.change(ada, { type: "about", hash }, about);
  expect(await log()).toBe(about);
});

test("G5 a group may be founded with its name", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await server.buddies("ada", "ben");
  const nonce = new Uint8Array(16).fill(3);
  const group = new TestGroup(ada, nonce);
  const { conversationId } = group;
  const { about, hash } = sealedName("from the start");
  const settings = { announcements: true, membersInvite: false };
  const statement = group.statement(ada, {
    type: "found",
    nonce,
    settings,
    members: named(ben),
    about: hash,
  });
  expect(await ada.refusal("conversation.found", { conversationId, statement })).toBe(
    "not-permitted",
  );
  await ada.request("conversation.found", { conversationId, statement, about });
  const view = await ben.request("conversation.log", { conversationId, after: 0 });
  expect(view).toEqual({ statements: [statement], length: 1, about });
});

test("G7 a link lets in until it expires or is ended; not whoever was removed", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await people(server);
  const dora = await server.register("dora");
  const group = await TestGroup.found(ada, [ben]);
  const { conversationId } = group;
  const join = (by: TestClient, keys = link): Promise<string> =>
    by.refusal("conversation.join", { conversationId, statement: group.joining(by, keys) });
  const invalid = "group-link-invalid";
  expect(await join(dora)).toBe(invalid);
  await group.change(ada, openLink(server));
  expect(await join(dora, newKeys())).toBe(invalid);
  const stale = group.joining(dora, link);
  await group.change(ada, { type: "remove", members: named(ben) });
  expect(await join(ben)).toBe(invalid);
  expect(await dora.refusal("conversation.join", { conversationId, statement: stale })).toBe(
    "membership-conflict",
  );
  expect(await join(dora)).toBe("granted");
  expect(await ada.event("conversation.changed")).toEqual({ conversationId, length: 4 });
  await group.read(dora);
  expect(await join(dora)).toBe("not-permitted");
  // By the server's clock, whatever the statement says.
  const eve = await server.register("eve");
  server.clock.advance(30_000);
  for (const client of [ada, dora, eve]) await client.request("session.ping", {});
  server.clock.advance(30_000);
  expect(await join(eve)).toBe(invalid);
  await group.change(ada, openLink(server));
  await group.change(ada, { type: "link" });
  expect(await join(eve)).toBe(invalid);
});

test("G11 a link shows the group to whoever knows it, and to nobody else", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await people(server);
  const dora = await server.register("dora");
  const group = await TestGroup.found(ada, [ben]);
  const { conversationId } = group;
  const { about, hash } = sealedName("us");
  await group.change(ada, { type: "about", hash }, about);
  await group.change(ada, openLink(server));
  const look = (by: TestClient, keys = link) => {
    const { proof, publicKey } = proofOf(group, by, keys);
    return by.raw("conversation.linked", { conversationId, after: 0, link: { proof, publicKey } });
  };
  expect(await look(dora)).toMatchObject({ length: 3, about });
  await expect(look(dora, newKeys())).rejects.toMatchObject({ errorName: "group-link-invalid" });
  // One that was made for somebody else.
  const stolen = { conversationId, after: 0, link: proofOf(group, ada, link) };
  expect(await dora.refusal("conversation.linked", stolen)).toBe("group-link-invalid");
});

function proofOf(
  group: TestGroup,
  by: TestClient,
  keys = link,
): { proof: string; publicKey: string } {
  const statement = Buffer.from(group.joining(by, keys), "base64");
  return {
    publicKey: statement.subarray(112, 144).toString("base64"),
    proof: statement.subarray(144, 208).toString("base64"),
  };
}

test("B15 an account is in so many groups at most", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await server.buddies("ada", "ben");
  const first = await TestGroup.found(ada, [ben]);
  for (let count = 1; count < limits.MAX_GROUPS_PER_ACCOUNT; count++) {
    await foundDirectly(server, ben, count);
  }
  const over = new TestGroup(ada);
  const { conversationId } = over;
  const statement = over.founding(ada, [ben]);
  expect(await ada.refusal("conversation.found", { conversationId, statement })).toBe(
    "too-many-groups",
  );
  await first.change(ada, { type: "remove", members: named(ben) });
  expect(await ada.refusal("conversation.found", { conversationId, statement })).toBe("granted");
});

/** A group of one, straight into the store: founding hundreds is another test's. */
async function foundDirectly(server: TestServer, by: TestClient, n: number): Promise<void> {
  const { conversationId } = new TestGroup(by, new Uint8Array(16).fill(n, 0, 8).fill(n >> 8, 8));
  const nothing = new Uint8Array(1);
  await server.store.conversations.append(
    {
      conversationId,
      after: 0,
      statement: nothing,
      state: nothing,
      came: [by.userId],
      left: [],
      now: 1,
    },
    limits.MAX_GROUPS_PER_ACCOUNT,
  );
}

test("G2 a dissolved group is nobody's; its end can be read", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await server.buddies("ada", "ben");
  const group = await TestGroup.found(ada, [ben]);
  const { conversationId } = group;
  await group.change(ada, { type: "dissolve" });
  expect(await ben.event("conversation.changed", ({ length }) => length === 2)).toBeDefined();
  expect(
    (await ben.request("conversation.log", { conversationId, after: 1 })).statements,
  ).toHaveLength(1);
  expect((await ada.request("conversation.list", {})).conversations).toEqual([]);
  expect(await group.attempt(ada, { type: "invite", members: named(ben) })).toBe("not-permitted");
});

import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import * as v from "valibot";
import { directConversationBytes } from "../../shared/crypto/index.ts";
import {
  ConversationId,
  decodeId,
  encodeId,
  limits,
  type Params,
} from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { newKeys, type TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

/** As opaque to the server as a real message of MLS. */
function bytes(text: string): string {
  return Buffer.from(text).toString("base64");
}

function idBytes({ userId }: TestClient): Uint8Array {
  const target = new Uint8Array(16);
  decodeId(userId, target);
  return target;
}

function conversation(a: TestClient, b: TestClient): ConversationId {
  return v.parse(ConversationId, encodeId(directConversationBytes(idBytes(a), idBytes(b))));
}

function creation(from: TestClient, to: TestClient, epoch = 0): Params<"group.create"> {
  const conversationId = conversation(from, to);
  return { conversationId, peer: to.userId, epoch, groupInfo: bytes(`info ${epoch}`) };
}

function commit(
  a: TestClient,
  b: TestClient,
  epoch: number,
  text = `commit ${epoch}`,
): Params<"group.commit"> {
  const groupInfo = bytes(`info ${epoch + 1} after ${text}`);
  return { conversationId: conversation(a, b), epoch, commit: bytes(text), groupInfo };
}

test("a group is made once, and both people's other devices are told", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const phone = await server.connect();
  await phone.signIn("ada");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  for (const client of [phone, bob]) {
    expect(await client.event("group.changed")).toEqual({ conversationId, epoch: 0 });
  }
  expect(ada.eventNames()).not.toContain("group.changed");
  expect(await bob.refusal("group.create", creation(bob, ada))).toBe("group-exists");
  expect(await bob.request("group.get", { conversationId })).toEqual({
    epoch: 0,
    groupInfo: bytes("info 0"),
    commits: [],
    more: false,
  });
  const groups = [{ conversationId, epoch: 0 }];
  expect(await phone.request("group.list", {})).toEqual({ groups, more: false });
  expect(await phone.request("group.list", { after: conversationId })).toEqual({
    groups: [],
    more: false,
  });
});

test("of two commits that end one epoch, one wins, and the other's maker finds it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("group.create", creation(ada, bob));
  const outcomes = await Promise.all([
    ada.refusal("group.commit", commit(ada, bob, 0, "ada's")),
    bob.refusal("group.commit", commit(ada, bob, 0, "bob's")),
  ]);
  expect(outcomes.toSorted()).toEqual(["epoch-taken", "granted"]);
  const [winner, loser] = outcomes[0] === "granted" ? [ada, bob] : [bob, ada];
  const text = winner === ada ? "ada's" : "bob's";
  const conversationId = conversation(ada, bob);
  expect(await loser.event("group.changed", ({ epoch }) => epoch === 1)).toBeDefined();
  expect(await loser.request("group.get", { conversationId, have: 0 })).toEqual({
    epoch: 1,
    groupInfo: bytes(`info 1 after ${text}`),
    commits: [{ epoch: 0, commit: bytes(text) }],
    more: false,
  });
  // Who has it all needs nothing.
  expect(await winner.request("group.get", { conversationId, have: 1 })).toEqual({
    epoch: 1,
    commits: [],
    more: false,
  });
});

test("after a gap GroupInfo is the way back", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  await ada.request("group.commit", commit(ada, bob, 0));
  // The server was rolled back to epoch 1; the client is in 5 and goes on.
  await ada.request("group.commit", commit(ada, bob, 5));
  await ada.request("group.commit", commit(ada, bob, 6));
  const behind = await bob.request("group.get", { conversationId, have: 0 });
  expect(behind).toMatchObject({ epoch: 7, commits: [], more: false });
  expect(behind.groupInfo).toBe(bytes("info 7 after commit 6"));
  const near = await bob.request("group.get", { conversationId, have: 5 });
  expect(near.commits.map(({ epoch }) => epoch)).toEqual([5, 6]);
  // The client is ahead of the server.
  const ahead = await bob.request("group.get", { conversationId, have: 9 });
  expect(ahead).toMatchObject({ epoch: 7, commits: [] });
  expect(await bob.refusal("group.commit", commit(ada, bob, 3))).toBe("epoch-taken");
});

test("many bytes of commits come page by page, and the oldest go beyond the bound", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  const large = randomBytes(limits.MAX_GROUP_MESSAGE_BYTES).toString("base64");
  for (let epoch = 0; epoch < 5; epoch++) {
    await ada.request("group.commit", { ...commit(ada, bob, epoch), commit: large });
  }
  // The longest frames that there are, either way.
  await ada.request("group.commit", {
    ...commit(ada, bob, 5),
    commit: large,
    groupInfo: large,
    welcome: { devices: [bob.deviceId], welcome: large },
  });
  // 4 MiB are four of them.
  expect((await bob.request("group.get", { conversationId, have: 1 })).commits).toEqual([]);
  let have = 2;
  let pages = 0;
  for (let more = true; more; pages++) {
    const page = await bob.request("group.get", { conversationId, have });
    expect(page.commits.map(({ epoch }) => epoch)).toEqual([have]);
    expect(page.welcome).toEqual({ epoch: 6, welcome: large });
    have += page.commits.length;
    more = page.more;
  }
  expect({ have, pages }).toEqual({ have: 6, pages: 4 });
  // Many at once come one after the other, and all of them.
  const all = Array.from({ length: 4 }, () =>
    bob.request("group.get", { conversationId, have: 2 }),
  );
  for (const { commits } of await Promise.all(all)) expect(commits).toHaveLength(1);
});

test("a Welcome is for the devices it names; the newest one counts", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const phone = await server.connect();
  await phone.signIn("bob", { keys: newKeys() });
  const conversationId = conversation(ada, bob);
  const both = [bob.deviceId, phone.deviceId];
  await ada.request("group.create", {
    ...creation(ada, bob),
    welcome: { devices: both, welcome: bytes("first") },
  });
  await ada.request("group.commit", {
    ...commit(ada, bob, 0),
    welcome: { devices: [phone.deviceId], welcome: bytes("second") },
  });
  const welcomed = async (client: TestClient): Promise<unknown> =>
    (await client.request("group.get", { conversationId })).welcome;
  expect(await welcomed(bob)).toEqual({ epoch: 0, welcome: bytes("first") });
  expect(await welcomed(phone)).toEqual({ epoch: 1, welcome: bytes("second") });
  expect(await welcomed(ada)).toBeUndefined();
});

test("strangers find no group, make none, and cannot take another's conversation", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  expect(await eve.refusal("group.get", { conversationId })).toBe("no-such-group");
  expect(await eve.refusal("group.commit", commit(ada, bob, 0))).toBe("no-such-group");
  expect(await eve.refusal("group.create", creation(eve, bob))).toBe("not-buddies");
  const stolen = { ...creation(eve, bob), conversationId };
  expect(await eve.refusal("group.create", stolen)).toBe("invalid-params");
  const unknown = v.parse(ConversationId, randomId());
  expect(await ada.refusal("group.get", { conversationId: unknown })).toBe("no-such-group");
  expect(await eve.request("group.list", {})).toEqual({ groups: [], more: false });
});

test("with the relation the group is out of reach; blocked, one notices nothing and tells nobody", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  await bob.event("group.changed");
  await bob.request("roster.block", { userId: ada.userId });
  expect(await bob.refusal("group.get", { conversationId })).toBe("no-such-group");
  expect((await bob.request("group.list", {})).groups).toEqual([]);
  expect(await ada.refusal("group.commit", commit(ada, bob, 0))).toBe("granted");
  expect((await ada.request("group.list", {})).groups).toHaveLength(1);
  await bob.request("session.ping", {});
  expect(bob.eventNames()).not.toContain("group.changed");

  await ada.request("roster.remove", { userId: bob.userId });
  expect(await ada.refusal("group.get", { conversationId })).toBe("no-such-group");
  expect(await ada.refusal("group.commit", commit(ada, bob, 1))).toBe("no-such-group");
  expect(await ada.refusal("group.create", creation(ada, bob))).toBe("not-buddies");
});

test("an epoch that cannot be counted on from is refused", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const last = Number.MAX_SAFE_INTEGER;
  expect(await ada.refusal("group.create", creation(ada, bob, last))).toBe("invalid-params");
  await ada.request("group.create", creation(ada, bob, 1000));
  expect(await ada.refusal("group.commit", commit(ada, bob, last))).toBe("invalid-params");
});

test("what is old goes: commits and Welcomes, not the group", async () => {
  await using server = await startTestServer({ sessionTtlMs: 2 * limits.GROUP_COMMIT_MAX_AGE_MS });
  const [ada, bob] = await server.buddies("ada", "bob");
  const conversationId = conversation(ada, bob);
  await ada.request("group.create", creation(ada, bob));
  await ada.request("group.commit", {
    ...commit(ada, bob, 0),
    welcome: { devices: [bob.deviceId], welcome: bytes("old") },
  });
  await server.store.groups.removeBefore(server.clock.now() + 1);
  expect(await bob.request("group.get", { conversationId, have: 0 })).toEqual({
    epoch: 1,
    groupInfo: bytes("info 1 after commit 0"),
    commits: [],
    more: false,
  });
});

test("nobody can carry a group to where epochs end", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  expect(await ada.refusal("group.create", creation(ada, bob, 2 ** 40))).toBe("invalid-params");
  await ada.request("group.create", creation(ada, bob, 2 ** 40 - 1));
  const far = commit(ada, bob, 2 ** 40 - 1 + 2 ** 20);
  expect(await ada.refusal("group.commit", far)).toBe("invalid-params");
  // A server that was set back lacks some.
  await bob.request("group.commit", commit(ada, bob, 2 ** 40 + 1000));
  await ada.request("group.commit", commit(ada, bob, 2 ** 40 + 1001));
});

import { expect, test } from "vitest";
import * as v from "valibot";
import {
  decodeEnvelope,
  encodeEnvelope,
  errorTable,
  MAX_SEALED_BYTES,
  MessageId,
  type ConversationId,
  type DeviceId,
  type MailboxPost,
} from "../../shared/protocol/index.ts";
import { deviceStatement, emptyDeviceList, extendDeviceList } from "../../shared/crypto/index.ts";
import { randomId } from "../random-id.ts";
import { newKeys, type TestClient } from "../testing/test-client.ts";
import { named, TestGroup } from "../testing/test-group.ts";
import { befriend, startTestServer, type TestServer } from "../testing/test-server.ts";
import { base64, bytesOf } from "./base64.ts";
import { idBytes } from "./id-bytes.ts";

const STORED = { outcome: "stored" };
const NO_DEVICE = { outcome: "refused", error: errorTable["no-such-device"].code };

/** Ada's group with two buddies of hers, who do not know each other; all know of it. */
async function strangersInGroup(
  server: TestServer,
): Promise<{ ada: TestClient; ben: TestClient; cleo: TestClient; group: TestGroup }> {
  const [ada, ben] = await server.buddies("ada", "ben");
  const cleo = await server.register("cleo");
  await befriend(ada, cleo);
  const group = await TestGroup.found(ada, [ben, cleo]);
  await ben.event("conversation.changed");
  await cleo.event("conversation.changed");
  return { ada, ben, cleo, group };
}

function post(
  conversationId: ConversationId,
  devices: readonly DeviceId[],
  change: Partial<MailboxPost> = {},
): MailboxPost {
  return {
    id: v.parse(MessageId, randomId()),
    conversationId,
    sequence: 5,
    to: devices.map((deviceId, after) => ({ deviceId, after })),
    sealed: base64(Buffer.from("sealed")),
    ...change,
  };
}

function envelopeFor(from: TestClient, to: TestClient, conversationId: ConversationId) {
  const id = v.parse(MessageId, randomId());
  const header = { id, sequence: 1, after: 0, conversationId, from: from.deviceId };
  const bytes = encodeEnvelope({ ...header, to: to.deviceId, sealed: Buffer.from("sealed") });
  return { id, to: to.deviceId, envelope: base64(bytes) };
}

test("G8 one message is for every device of the group, as if each had got it alone", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { conversationId } = group;
  const phone = await server.connect();
  await phone.signIn("ben", { keys: newKeys() });
  const eve = await server.register("eve");
  await befriend(ben, eve);
  const devices = [ada.deviceId, cleo.deviceId, phone.deviceId, eve.deviceId];
  const message = post(conversationId, devices);
  const outcomes = [STORED, STORED, STORED, NO_DEVICE];
  expect(await ben.request("mailbox.post", message)).toEqual({ outcomes });
  // The answer may have been lost.
  expect(await ben.request("mailbox.post", message)).toEqual({ outcomes });
  for (const [after, client] of [ada, cleo, phone].entries()) {
    expect(await client.event("mailbox.arrived")).toEqual({ count: 1 });
    const { items } = await client.request("mailbox.fetch", { after: 0 });
    expect(items).toHaveLength(1);
    const from = { userId: ben.userId, deviceId: ben.deviceId };
    expect(items[0]).toMatchObject({ id: message.id, from });
    expect(decodeEnvelope(bytesOf(items[0]?.envelope ?? ""))).toEqual({
      id: message.id,
      sequence: 5,
      after,
      conversationId,
      from: ben.deviceId,
      to: client.deviceId,
      sealed: Buffer.from("sealed"),
    });
  }
  expect(await server.store.mailbox.count(eve.deviceId)).toBe(0);
});

test("G8 the longest message for a large group is kept in steps, each for its device", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { mailbox } = server.store;
  const put = mailbox.put.bind(mailbox);
  const steps: number[] = [];
  mailbox.put = (deposits, quota) => {
    steps.push(deposits.reduce((sum, { envelope }) => sum + envelope.length, 0));
    return put(deposits, quota);
  };
  const sealed = base64(Buffer.alloc(60_000, 1));
  const to = Array.from({ length: 300 }, (_, at) => ({
    deviceId: at % 2 === 0 ? ada.deviceId : cleo.deviceId,
    after: 0,
  }));
  const message = post(group.conversationId, [], { to, sealed });
  const { outcomes } = await ben.request("mailbox.post", message);
  expect(outcomes).toEqual(to.map(() => STORED));
  expect(steps.length).toBeGreaterThan(1);
  expect(Math.max(...steps)).toBeLessThan(5 * 1024 * 1024);
  for (const client of [ada, cleo])
    expect(await server.store.mailbox.count(client.deviceId)).toBe(1);
  const wrong = { ...message, to: [...to, { deviceId: ada.deviceId, after: 5 }] };
  await expect(ben.request("mailbox.post", wrong)).rejects.toThrow("sequence");
});

test("G8 whoever is not in the group, or not any more, posts nothing and gets nothing", async () => {
  await using server = await startTestServer({ mailboxEnvelopes: 1 });
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { conversationId } = group;
  const to = [ben.deviceId, cleo.deviceId];
  expect((await ada.request("mailbox.post", post(conversationId, to))).outcomes).toEqual([
    STORED,
    STORED,
  ]);
  const full = { outcome: "refused", error: errorTable["mailbox-full"].code };
  await group.change(ada, { type: "remove", members: named(cleo) });
  expect((await ada.request("mailbox.post", post(conversationId, to))).outcomes).toEqual([
    full,
    NO_DEVICE,
  ]);
  const none = "no-such-conversation";
  expect(await cleo.refusal("mailbox.post", post(conversationId, to))).toBe(none);
  const eve = await server.register("eve");
  expect(await eve.refusal("mailbox.post", post(conversationId, to))).toBe(none);
  expect(await ada.refusal("mailbox.post", post(conversationId, to, { sequence: 1 }))).toBe(
    "invalid-params",
  );
  const sealed = base64(new Uint8Array(MAX_SEALED_BYTES + 1));
  const tooLarge = { outcome: "refused", error: errorTable["too-large"].code };
  expect(
    await ada.request("mailbox.post", post(conversationId, [ben.deviceId], { sealed })),
  ).toEqual({
    outcomes: [tooLarge],
  });
});

test("G8 single envelopes pass between people of a group who are no buddies: of that group only", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const put = async (from: TestClient, to: TestClient, conversationId: ConversationId) =>
    (await from.request("mailbox.put", { envelopes: [envelopeFor(from, to, conversationId)] }))
      .outcomes[0];
  expect(await put(ben, cleo, group.conversationId)).toEqual(STORED);
  const other = await TestGroup.found(ada, [ben]);
  expect(await put(ben, cleo, other.conversationId)).toEqual(NO_DEVICE);
  const nonsense = { ...envelopeFor(ben, cleo, group.conversationId), envelope: "AAAA" };
  const { outcomes } = await ben.request("mailbox.put", { envelopes: [nonsense] });
  expect(outcomes).toEqual([NO_DEVICE]);
  // Whom one has blocked, one still hears in the group, and nowhere else.
  await cleo.request("roster.block", { userId: ada.userId });
  expect(await put(ada, cleo, group.conversationId)).toEqual(STORED);
  expect(await put(ada, cleo, other.conversationId)).toEqual(STORED);
  const { items } = await cleo.request("mailbox.fetch", { after: 0 });
  expect(items).toHaveLength(2);
  // No way to their presence, addresses and links.
  const linkId = randomId();
  const signal = { to: cleo.deviceId, linkId, signal: { type: "request" } };
  expect(await ben.refusal("signal.send", signal)).toBe("no-such-device");
  expect(await ben.refusal("relay.open", { to: cleo.deviceId })).toBe("no-such-device");
  await ben.request("session.ping", {});
  expect(ben.eventNames()).not.toContain("presence.changed");
});

test("G6 people of a group take each other's key packages, and use its MLS group", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { conversationId } = group;
  await cleo.request("keyPackages.publish", { packages: ["AAAA"] });
  const devices = [cleo.deviceId];
  expect((await ben.request("keyPackages.take", { devices })).packages).toHaveLength(1);
  const groupInfo = "AAAA";
  const creation = { conversationId, epoch: 0, groupInfo };
  const eve = await server.register("eve");
  expect(await eve.refusal("group.create", creation)).toBe("no-such-conversation");
  await ben.request("group.create", { ...creation, welcome: { devices, welcome: "BBBB" } });
  for (const client of [ada, cleo]) {
    expect(await client.event("group.changed")).toEqual({ conversationId, epoch: 0 });
  }
  expect(await ada.refusal("group.create", creation)).toBe("group-exists");
  expect((await cleo.request("group.get", { conversationId })).welcome).toEqual({
    epoch: 0,
    welcome: "BBBB",
  });
  expect((await cleo.request("group.list", {})).groups).toEqual([{ conversationId, epoch: 0 }]);
  await group.change(ada, { type: "remove", members: named(cleo) });
  const commit = { conversationId, epoch: 0, commit: "CCCC", groupInfo };
  for (const [method, params] of [
    ["group.commit", commit],
    ["group.get", { conversationId }],
  ] as const) {
    expect(await cleo.refusal(method, params)).toBe("no-such-group");
    expect(await eve.refusal(method, params)).toBe("no-such-group");
  }
  expect((await cleo.request("group.list", {})).groups).toEqual([]);
  await ada.request("group.commit", commit);
  expect(await ben.event("group.changed", ({ epoch }) => epoch === 1)).toBeDefined();
  await cleo.request("session.ping", {});
  expect(cleo.eventNames()).not.toContain("group.changed");
  // Nobody there uses up what she has for others.
  await cleo.request("keyPackages.publish", { packages: ["AAAA"] });
  expect((await ben.request("keyPackages.take", { devices })).packages).toEqual([]);
});

test("G12 people of a group read each other's device lists, and are told of their growth", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { conversationId } = group;
  const read = async (by: TestClient, of: TestClient) =>
    (await by.request("devices.log", { of: [{ userId: of.userId, after: 0 }] })).logs[0];
  const genesis = (await read(cleo, cleo))?.statements[0] ?? "";
  const list = extendDeviceList(emptyDeviceList(idBytes(cleo.userId)), bytesOf(genesis));
  if (list === undefined) throw new Error("no list");
  const addition = { type: "add", subject: newKeys().publicKey } as const;
  const statements = [base64(deviceStatement(list, cleo.keys, addition, 1))];
  await cleo.request("devices.append", { statements });
  const grown = { userId: cleo.userId, length: 2 };
  expect(await ben.event("devices.changed")).toEqual(grown);
  expect(await ada.event("devices.changed")).toEqual(grown);
  await ada.request("session.ping", {});
  expect(ada.eventNames()).not.toContain("devices.changed");
  expect((await read(ben, cleo))?.length).toBe(2);
  const eve = await server.register("eve");
  expect(await read(eve, cleo)).toBeUndefined();
  // What she has signed before is checked by it, also after she has left.
  await group.change(cleo, { type: "leave" });
  expect((await read(ben, cleo))?.length).toBe(2);
  await server.store.accounts.remove(cleo.userId);
  expect((await read(ben, cleo))?.length).toBe(2);
  expect(await read(eve, cleo)).toBeUndefined();
  const userIds = [ada.userId, ben.userId, cleo.userId, eve.userId];
  const { profiles } = await ben.request("conversation.profiles", { conversationId, userIds });
  expect(profiles.map(({ userName }) => userName)).toEqual(["ada", "ben"]);
});

test("G12 a group goes on without an account that is removed", async () => {
  await using server = await startTestServer();
  const { ada, ben, cleo, group } = await strangersInGroup(server);
  const { conversationId } = group;
  await server.store.accounts.remove(cleo.userId);
  expect(
    (await ada.request("mailbox.post", post(conversationId, [ben.deviceId]))).outcomes,
  ).toEqual([STORED]);
  await group.change(ada, { type: "remove", members: named(cleo) });
  expect(await ben.event("conversation.changed")).toEqual({ conversationId, length: 2 });
  expect((await ben.request("conversation.log", { conversationId, after: 0 })).length).toBe(2);
  expect(await server.store.check()).toEqual([]);
});

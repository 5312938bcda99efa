import { utf8ToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { identityKeysOf } from "../identity.ts";
import { readGroupInfo } from "./group-infos.ts";
import { createKeyPackage, readKeyPackage, welcomeReferences } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { MlsError, type GroupPolicy, type MlsSuite } from "./mls-types.ts";
import { ANYBODY, deviceOf, GROUP_ID, groupOf, IN_TIME, renewed } from "./testing/members.ts";
import { peekSealed } from "./wire.ts";

const NONE = new Uint8Array(0);
const policy = ANYBODY;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const seal = async (group: MlsGroup | undefined, message: string) =>
  (await group?.seal(utf8ToBytes(message), utf8ToBytes("id"))) ?? NONE;
const flipped = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] ?? 0) ^ 1);

for (const suite of ["classic", "hybrid"] satisfies MlsSuite[]) {
  test(`${suite}: a group is created, joined by Welcome and from outside, and talks`, async () => {
    const alone = await MlsGroup.create({
      identity: deviceOf(1),
      policy,
      groupId: GROUP_ID,
      suite,
    });
    expect([alone.epoch, alone.suite, alone.groupId]).toEqual([0, suite, GROUP_ID]);
    const own = await createKeyPackage(deviceOf(2), suite, { ...IN_TIME, lastResort: true });
    const { publicKey } = deviceOf(2).keys;
    expect(await readKeyPackage(own.keyPackage)).toEqual({
      userId: deviceOf(2).userId,
      publicKey,
      suite,
      lastResort: true,
      notAfter: 1e12,
    });
    const pending = await alone.commit({ add: [own.keyPackage], remove: [] });
    expect(alone.epoch).toBe(0);
    const welcome = pending.welcome ?? NONE;
    expect(welcomeReferences(welcome)).toEqual({ suite, references: [own.reference] });
    const a = pending.next;
    a.takeOver(alone);
    const b = await MlsGroup.join({ identity: deviceOf(2), policy, welcome, keyPackage: own });
    expect([b.epoch, b.confirmation]).toEqual([1, a.confirmation]);
    expect(b.members).toEqual([
      { leaf: 0, userId: deviceOf(1).userId, publicKey: deviceOf(1).keys.publicKey },
      { leaf: 1, userId: deviceOf(2).userId, publicKey },
    ]);

    const sealed = await a.seal(utf8ToBytes("hi"), utf8ToBytes("id"));
    expect(peekSealed(sealed)).toEqual({ groupId: GROUP_ID, epoch: 1 });
    const opened = await b.open(sealed);
    expect([text(opened.plaintext), text(opened.additional)]).toEqual(["hi", "id"]);
    expect(opened.sender).toEqual(a.members[0]);

    const outside = await MlsGroup.joinExternal({
      identity: deviceOf(3),
      policy,
      groupInfo: pending.groupInfo,
    });
    const c = outside.group;
    const [a2, b2] = [await a.process(outside.commit), await b.process(outside.commit)];
    expect([a2.confirmation, b2.confirmation]).toEqual([c.confirmation, c.confirmation]);
    const claims = await readGroupInfo(outside.groupInfo);
    expect(claims).toEqual({
      groupId: GROUP_ID,
      epoch: 2,
      suite,
      confirmation: c.confirmation,
      members: a2.members,
    });
    expect(text((await b2.open(await seal(c, "from outside"))).plaintext)).toBe("from outside");
    const [, b3] = await renewed([a2, b2, c], 2);
    expect(b3?.epoch).toBe(3);
  });
}

test("a device that comes back from outside takes the place of its former leaf", async () => {
  const [a, b] = await groupOf(3);
  const groupInfo = (await a?.groupInfo()) ?? NONE;
  const { group, commit } = await MlsGroup.joinExternal({
    identity: deviceOf(2),
    policy,
    groupInfo,
  });
  const next = await a?.process(commit);
  expect(next?.members).toHaveLength(3);
  expect(next?.members).toEqual(group.members);
  // Its own older copy is out.
  await expect(b?.process(commit)).rejects.toMatchObject({ reason: "not-for-us" });
  // It still opens what comes late from before, once it stands in the older copy's place.
  const late = await seal(a, "late");
  if (b !== undefined) group.takeOver(b);
  expect(text((await group.open(late)).plaintext)).toBe("late");
});

test("a removed device is told so, and the others go on without it", async () => {
  const [a, b, c] = await groupOf(3);
  const pending = await a?.commit({ add: [], remove: [2] });
  const commit = pending?.commit ?? NONE;
  await expect(c?.process(commit)).rejects.toMatchObject({ reason: "not-for-us" });
  const next = await b?.process(commit);
  expect(next?.members.map(({ leaf }) => leaf)).toEqual([0, 1]);
  const sealed = await seal(pending?.next, "secret");
  await expect(c?.open(sealed)).rejects.toMatchObject({ reason: "future-epoch" });
});

test("a message opens once, in any order, and up to five epochs late", async () => {
  let groups = await groupOf(2);
  const sealed: Uint8Array[] = [];
  for (let epoch = 1; epoch <= 7; epoch += 1) {
    sealed.push(await seal(groups[0], `${epoch} a`), await seal(groups[0], `${epoch} b`));
    if (epoch < 7) groups = await renewed(groups, epoch % 2);
  }
  const [, b] = groups;
  await expect(b?.open(sealed[0] ?? NONE)).rejects.toMatchObject({ reason: "past-epoch" });
  for (const bytes of sealed.slice(2).toReversed()) {
    expect(text((await b?.open(bytes))?.additional ?? NONE)).toBe("id");
    await expect(b?.open(bytes)).rejects.toMatchObject({ reason: "used" });
  }
});

test("a thousand messages may be missing between two; beyond, it costs nobody the work", async () => {
  const [a, b] = await groupOf(2);
  const sealed: Uint8Array[] = [];
  for (let index = 0; index < 1002; index += 1) sealed.push(await seal(a, `${index}`));
  await expect(b?.open(sealed[1001] ?? NONE)).rejects.toMatchObject({ reason: "invalid" });
  for (const index of [1000, 999, 500, 1, 1001, 3]) {
    expect(text((await b?.open(sealed[index] ?? NONE))?.plaintext ?? NONE)).toBe(`${index}`);
  }
});

test("what does not open leaves the group as it was", async () => {
  const [a, b] = await groupOf(2);
  const sealed = await seal(a, "hi");
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = flipped(sealed, at);
    await expect(b?.open(changed)).rejects.toBeInstanceOf(MlsError);
  }
  const pending = await a?.commit({ add: [], remove: [] });
  const broken = flipped(pending?.commit ?? NONE, 100);
  await expect(b?.process(broken)).rejects.toMatchObject({ reason: "invalid" });
  expect(text((await b?.open(sealed))?.plaintext ?? NONE)).toBe("hi");
  expect((await b?.process(pending?.commit ?? NONE))?.epoch).toBe(2);
});

test("each refusal says why", async () => {
  const [a, b] = await groupOf(2);
  const sealed = await seal(a, "hi");
  const pending = await a?.commit({ add: [], remove: [] });
  const commit = pending?.commit ?? NONE;
  const next = await b?.process(commit);
  const ahead = await seal(pending?.next, "x");
  const other = await MlsGroup.create({
    identity: deviceOf(4),
    policy,
    groupId: new Uint8Array(16),
    suite: "classic",
  });
  await expect(b?.open(NONE)).rejects.toMatchObject({ reason: "malformed" });
  await expect(b?.open(commit)).rejects.toMatchObject({ reason: "malformed" });
  await expect(b?.process(sealed)).rejects.toMatchObject({ reason: "malformed" });
  await expect(other.open(sealed)).rejects.toMatchObject({ reason: "malformed" });
  await expect(other.process(commit)).rejects.toMatchObject({ reason: "malformed" });
  await expect(b?.open(ahead)).rejects.toMatchObject({ reason: "future-epoch" });
  await expect(next?.process(commit)).rejects.toMatchObject({ reason: "past-epoch" });
  await expect(a?.open(sealed)).rejects.toMatchObject({ reason: "used" });
  await expect(a?.process(commit)).rejects.toMatchObject({ reason: "invalid" });
  const further = await pending?.next.commit({ add: [], remove: [] });
  await expect(b?.process(further?.commit ?? NONE)).rejects.toMatchObject({
    reason: "future-epoch",
  });
  for (const leaf of [0, 7, -1, 0.5]) {
    await expect(a?.commit({ add: [], remove: [leaf] })).rejects.toMatchObject({
      reason: "invalid",
    });
  }
});

test("only key packages of the group's suite, in time, of nobody who is in already, are added", async () => {
  const [a] = await groupOf(2);
  const add = async (...keyPackages: Uint8Array[]) =>
    await a?.commit({ add: keyPackages, remove: [] });
  const inAlready = await createKeyPackage(deviceOf(2), "classic", IN_TIME);
  await expect(add(inAlready.keyPackage)).rejects.toMatchObject({ reason: "invalid" });
  const twice = await createKeyPackage(deviceOf(3), "classic", IN_TIME);
  await expect(add(twice.keyPackage, twice.keyPackage)).rejects.toMatchObject({
    reason: "invalid",
  });
  const late = await createKeyPackage(deviceOf(3), "classic", { ...IN_TIME, notAfter: 1 });
  await expect(add(late.keyPackage)).rejects.toMatchObject({ reason: "invalid" });
  const hybrid = await createKeyPackage(deviceOf(3), "hybrid", IN_TIME);
  await expect(add(hybrid.keyPackage)).rejects.toMatchObject({ reason: "malformed" });
  const short = { ...deviceOf(3), userId: new Uint8Array(15) };
  const noUser = await createKeyPackage(short, "classic", IN_TIME);
  expect(await readKeyPackage(noUser.keyPackage)).toBeUndefined();
  await expect(add(noUser.keyPackage)).rejects.toMatchObject({ reason: "invalid" });
  const changed = flipped(twice.keyPackage, twice.keyPackage.length - 1);
  expect(await readKeyPackage(changed)).toBeUndefined();
  await expect(add(changed)).rejects.toMatchObject({ reason: "invalid" });
  await expect(add(NONE)).rejects.toMatchObject({ reason: "malformed" });
  // A device that lost its keys comes back by one commit: its leaf out, its key package in.
  const pending = await a?.commit({ add: [inAlready.keyPackage], remove: [1] });
  expect(pending?.next.members.map(({ leaf }) => leaf)).toEqual([0, 1]);
});

test("a Welcome is for its key packages alone", async () => {
  const alone = await MlsGroup.create({
    identity: deviceOf(1),
    policy,
    groupId: GROUP_ID,
    suite: "classic",
  });
  const keyPackage = await createKeyPackage(deviceOf(2), "classic", IN_TIME);
  const { welcome = NONE } = await alone.commit({ add: [keyPackage.keyPackage], remove: [] });
  const other = await createKeyPackage(deviceOf(2), "classic", IN_TIME);
  const identity = deviceOf(2);
  await expect(
    MlsGroup.join({ identity, policy, welcome, keyPackage: other }),
  ).rejects.toMatchObject({ reason: "not-for-us" });
  await expect(
    MlsGroup.join({ identity, policy, welcome, keyPackage: { ...keyPackage, secret: NONE } }),
  ).rejects.toMatchObject({ reason: "malformed" });
  await expect(
    MlsGroup.join({
      identity,
      policy,
      welcome,
      keyPackage: { ...keyPackage, secret: other.secret },
    }),
  ).rejects.toMatchObject({ reason: "invalid" });
});

test("nobody is brought in whom the policy does not admit, whichever way", async () => {
  const stranger = deviceOf(3).keys.publicKey.join();
  const guarded: GroupPolicy = {
    admits: async ({ publicKey }) => publicKey.join() !== stranger,
  };
  const refused = { reason: "not-admitted" };
  const [a, b] = await groupOf(2, "classic", guarded);
  const keyPackage = await createKeyPackage(deviceOf(3), "classic", IN_TIME);
  await expect(a?.commit({ add: [keyPackage.keyPackage], remove: [] })).rejects.toMatchObject(
    refused,
  );
  // A member that is not as careful adds it; it joins from outside; its tree is offered to others.
  const [careless] = await groupOf(1);
  const [, , open] = await groupOf(3);
  const groupInfo = (await a?.groupInfo()) ?? NONE;
  const outside = await MlsGroup.joinExternal({ identity: deviceOf(3), policy, groupInfo });
  await expect(b?.process(outside.commit)).rejects.toMatchObject(refused);
  await expect(
    MlsGroup.joinExternal({
      identity: deviceOf(4),
      policy: guarded,
      groupInfo: (await open?.groupInfo()) ?? NONE,
    }),
  ).rejects.toMatchObject(refused);
  const own = await createKeyPackage(deviceOf(4), "classic", IN_TIME);
  const pending = await careless?.commit({
    add: [keyPackage.keyPackage, own.keyPackage],
    remove: [],
  });
  await expect(
    MlsGroup.join({
      identity: deviceOf(4),
      policy: guarded,
      welcome: pending?.welcome ?? NONE,
      keyPackage: own,
    }),
  ).rejects.toMatchObject(refused);
  // Under somebody else's name: the user is asked about together with the key.
  const impostor = { userId: deviceOf(1).userId, keys: identityKeysOf(new Uint8Array(32).fill(8)) };
  const asked: string[] = [];
  const listening: GroupPolicy = {
    admits: async ({ userId, publicKey }) => {
      asked.push(`${userId.join()} ${publicKey.join()}`);
      return true;
    },
  };
  const [c] = await groupOf(1, "classic", listening);
  const foreign = await createKeyPackage(impostor, "classic", IN_TIME);
  await c?.commit({ add: [foreign.keyPackage], remove: [] });
  expect(asked).toContain(`${impostor.userId.join()} ${impostor.keys.publicKey.join()}`);
});

test("a policy that fails is not taken for a refusal", async () => {
  const failing: GroupPolicy = {
    admits: async () => {
      throw new TypeError("the list could not be read");
    },
  };
  const [a] = await groupOf(1, "classic", failing);
  const { keyPackage } = await createKeyPackage(deviceOf(2), "classic", IN_TIME);
  await expect(a?.commit({ add: [keyPackage], remove: [] })).rejects.toThrow(TypeError);
});

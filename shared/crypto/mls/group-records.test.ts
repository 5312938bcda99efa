import { utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { decodeVarLenType } from "ts-mls/codec/variableLength.js";
import { decodeSecretTreeNode } from "ts-mls/secretTree.js";
import { expect, test } from "vitest";
import { createKeyPackage } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { ANYBODY, deviceOf, groupOf, IN_TIME, renewed, saved } from "./testing/members.ts";

const NONE = new Uint8Array(0);
const policy = ANYBODY;
const load = async (number: number, store: ReadonlyMap<string, Uint8Array>) =>
  MlsGroup.load(store, { identity: deviceOf(number), policy });
const bytesIn = (changes: ReadonlyMap<string, Uint8Array | undefined>) =>
  [...changes.values()].reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
const contains = (bytes: Uint8Array, part: Uint8Array) =>
  bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));

/** A device with what its store holds. */
interface Member {
  group: MlsGroup;
  readonly number: number;
  readonly store: Map<string, Uint8Array>;
}

function save(member: Member): void {
  saved(member.store, member.group.takeRecords());
}

test("after any sequence of steps, what is saved is the group", async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("seal"), who: fc.nat(), other: fc.nat() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("open"), who: fc.nat(), other: fc.nat() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("renew"), who: fc.nat(), other: fc.nat() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("rejoin"), who: fc.nat(), other: fc.nat() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("reload"), who: fc.nat(), other: fc.nat() }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const members = (await groupOf(3)).map((group, index): Member => ({
        group,
        number: index + 1,
        store: new Map(),
      }));
      const sealed: { bytes: Uint8Array; text: string }[] = [];
      const pick = <Item>(items: readonly Item[], index: number) => items[index % items.length];
      for (const [index, { kind, who, other }] of steps.entries()) {
        const member = pick(members, who);
        if (member === undefined) throw new Error("nobody");
        for (const each of members) save(each);
        if (kind === "seal") {
          const text = `${index}`;
          sealed.push({ bytes: await member.group.seal(utf8ToBytes(text), NONE), text });
        } else if (kind === "open") {
          await expectSame(member, pick(sealed, other));
        } else if (kind === "reload") {
          member.group = await load(member.number, member.store);
        } else {
          const { commit, next } = await step2(member, kind === "renew");
          for (const each of members) {
            const following = each === member ? next : await each.group.process(commit);
            following.takeOver(each.group);
            each.group = following;
          }
        }
        save(member);
      }
      for (const member of members) {
        save(member);
        const copy = await load(member.number, member.store);
        expect(copy.takeRecords().size).toBe(0);
        expect([copy.epoch, copy.confirmation, copy.members]).toEqual([
          member.group.epoch,
          member.group.confirmation,
          member.group.members,
        ]);
        for (const message of sealed) await expectSame(member, message);
      }
    }),
    { numRuns: 12 },
  );

  async function step2(member: Member, renews: boolean) {
    if (renews) return await member.group.commit({ add: [], remove: [] });
    const groupInfo = await member.group.groupInfo();
    const identity = deviceOf(member.number);
    const { group, commit } = await MlsGroup.joinExternal({ identity, policy, groupInfo });
    return { commit, next: group };
  }

  /** The group and what is saved of it open the same, or fail for the same reason. */
  async function expectSame(member: Member, message?: { bytes: Uint8Array; text: string }) {
    if (message === undefined) return;
    save(member);
    const copy = await load(member.number, member.store);
    const [live, fromStore] = await Promise.all(
      [member.group, copy].map(async (group) =>
        group.open(message.bytes).then(
          ({ plaintext, sender }) => ({ plaintext, sender }),
          (error: unknown) => ({ error }),
        ),
      ),
    );
    expect(fromStore).toEqual(live);
    const plaintext = live !== undefined && "plaintext" in live ? live.plaintext : undefined;
    expect(plaintext ?? utf8ToBytes(message.text)).toEqual(utf8ToBytes(message.text));
    save(member);
  }
});

test("a message writes a few hundred bytes, whoever and however many are in the group", async () => {
  const groups = await groupOf(20);
  const [a, b] = groups;
  if (a === undefined || b === undefined) throw new Error("no group");
  expect(bytesIn(a.takeRecords())).toBeGreaterThan(5000);
  b.takeRecords();
  const sealed = await a.seal(utf8ToBytes("hi"), NONE);
  const [sent, received] = [a.takeRecords(), (await b.open(sealed), b.takeRecords())];
  for (const changes of [sent, received]) {
    expect([...changes.keys()]).toEqual(["epoch/1/ratchets/0"]);
    expect(bytesIn(changes)).toBeLessThan(400);
  }
  expect(a.takeRecords().size).toBe(0);
});

test("the key of a message is gone from the records once it was used", async () => {
  const [a, b] = await groupOf(2);
  if (a === undefined || b === undefined) throw new Error("no group");
  const before = saved(new Map(), b.takeRecords());
  const ratchets = decodeVarLenType(decodeSecretTreeNode)(
    before.get("epoch/1/ratchets/0") ?? NONE,
    0,
  );
  const secret = ratchets?.[0][0]?.application.secret.slice() ?? NONE;
  expect(secret).toHaveLength(32);
  const sealed = await a.seal(utf8ToBytes("hi"), NONE);
  await b.open(sealed);
  const after = saved(new Map(before), b.takeRecords());
  expect([...before.values()].some((record) => contains(record, secret))).toBe(true);
  expect([...after.values()].some((record) => contains(record, secret))).toBe(false);
  await expect((await load(2, before)).open(sealed)).resolves.toBeDefined();
  await expect((await load(2, after)).open(sealed)).rejects.toMatchObject({ reason: "used" });
});

test("a former epoch's records go with it, and nothing else stays", async () => {
  let groups = await groupOf(2);
  const store = saved(new Map(), groups[0]?.takeRecords() ?? new Map());
  for (let epoch = 2; epoch <= 10; epoch += 1) {
    groups = await renewed(groups);
    saved(store, groups[0]?.takeRecords() ?? new Map());
  }
  const epochs = [5, 6, 7, 8, 9, 10].flatMap((epoch) => [
    `epoch/${epoch}`,
    `epoch/${epoch}/ratchets/0`,
  ]);
  expect([...store.keys()].toSorted()).toEqual([...epochs, "state", "tree"].toSorted());
  expect((await load(1, store)).epoch).toBe(10);
});

test("a commit that waits does not cost the messages that come meanwhile", async () => {
  const [a, b] = await groupOf(2);
  if (a === undefined || b === undefined) throw new Error("no group");
  const early = await b.seal(utf8ToBytes("before"), NONE);
  const late = await b.seal(utf8ToBytes("after"), NONE);
  const pending = await a.commit({ add: [], remove: [] });
  const waiting = saved(new Map(), pending.next.takeRecords());
  await a.open(early);
  const kept = saved(new Map(), a.takeRecords());
  // After a crash: both are loaded, and the commit turns out to have been taken.
  const [former, next] = [await load(1, kept), await load(1, waiting)];
  next.takeOver(former);
  await expect(next.open(early)).rejects.toMatchObject({ reason: "used" });
  expect((await next.open(late)).plaintext).toEqual(utf8ToBytes("after"));
  // The records that take the place of the former's are whole, though part was saved before.
  const whole = saved(new Map(kept), await takenAfterAll(pending.next, a));
  expect((await load(1, whole)).epoch).toBe(2);

  async function takenAfterAll(group: MlsGroup, predecessor: MlsGroup) {
    group.takeOver(predecessor);
    return group.takeRecords();
  }
});

test("records of another device, or not all of them, are refused", async () => {
  const [a] = await groupOf(2);
  const store = saved(new Map(), a?.takeRecords() ?? new Map());
  await expect(load(2, store)).rejects.toMatchObject({ reason: "malformed" });
  // Of a former epoch all may be missing: then its late messages do not open.
  const needed = [...store.keys()].filter((name) => name !== "epoch/0");
  for (const name of needed) {
    const part = new Map([...store].filter(([other]) => other !== name));
    await expect(load(1, part)).rejects.toMatchObject({ reason: "malformed" });
    const cut = new Map(store).set(name, store.get(name)?.slice(0, -1) ?? NONE);
    await expect(load(1, cut)).rejects.toMatchObject({ reason: "malformed" });
  }
});

test("what a group was given is not overwritten with its own keys", async () => {
  const [a] = await groupOf(2);
  const store = saved(new Map(), a?.takeRecords() ?? new Map());
  const copy = new Map([...store].map(([name, bytes]) => [name, bytes.slice()]));
  const identity = deviceOf(1);
  const secretKey = identity.keys.secretKey.slice();
  const group = await MlsGroup.load(store, { identity, policy });
  await group.seal(utf8ToBytes("hi"), NONE);
  const own = await createKeyPackage(deviceOf(3), "classic", IN_TIME);
  const { next } = await group.commit({ add: [own.keyPackage], remove: [] });
  next.takeOver(group);
  await next.seal(utf8ToBytes("hi"), NONE);
  expect(store).toEqual(copy);
  expect(identity.keys.secretKey).toEqual(secretKey);
});

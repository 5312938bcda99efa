import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  ProtocolError,
  UserId,
  type ErrorName,
} from "../../../shared/protocol/index.ts";
import type { DeviceLogExtension, GroupState, Store } from "../store.ts";

const ada = v.parse(UserId, id("u", 1));
const ben = v.parse(UserId, id("u", 2));
const nobody = v.parse(UserId, id("u", 9));
const adaLaptop = v.parse(DeviceId, id("d", 1));
const benLaptop = v.parse(DeviceId, id("d", 2));
const benPhone = v.parse(DeviceId, id("d", 3));
const noDevice = v.parse(DeviceId, id("d", 9));
const quota = { count: 100, bytes: 1_000_000 };

function id(kind: string, n: number): string {
  return `${kind}${String(n).padStart(20, "0")}A`;
}

function conversation(n: number): ConversationId {
  return v.parse(ConversationId, id("c", n));
}

function some(n: number, length = 100): Uint8Array {
  return new Uint8Array(length).fill(n);
}

function extension(after: number, count = 1): DeviceLogExtension {
  const statements = Array.from({ length: count }, (_, index) => some(after + index, 222));
  return { after, statements, list: some(after + count) };
}

function state(epoch: number, change: Partial<GroupState> = {}): GroupState {
  return {
    conversationId: conversation(1),
    epoch,
    groupInfo: some(epoch, 300),
    now: 1000 + epoch,
    ...change,
  };
}

/** Ada with a laptop, Ben with a laptop and a phone. */
async function addPeople(store: Store): Promise<void> {
  for (const [userId, userName] of [[ada, "ada"] as const, [ben, "ben"] as const]) {
    await store.accounts.create({ userId, userName, displayName: "x", credential: "x", now: 5 });
  }
  const device = { name: "machine", publicKey: "key", now: 7, sessionEnds: 100 };
  await store.devices.signIn({ ...device, deviceId: adaLaptop, userId: ada }, 8);
  await store.devices.signIn({ ...device, deviceId: benLaptop, userId: ben }, 8);
  await store.devices.signIn({ ...device, deviceId: benPhone, userId: ben }, 8);
}

/** The group of Ada and Ben at `epoch`. */
async function addGroup(store: Store, epoch = 0, change: Partial<GroupState> = {}): Promise<void> {
  await addPeople(store);
  await store.groups.create({ ...state(epoch, change), members: [ada, ben] });
}

async function expectRefusal(step: Promise<unknown>, errorName: ErrorName): Promise<void> {
  await expect(step).rejects.toSatisfy(
    (error) => error instanceof ProtocolError && error.errorName === errorName,
    errorName,
  );
}

/** What every implementation of `Store` does with what devices need to seal for each other. */
export function deliveryContract(open: () => Promise<Store>): void {
  deviceLogContract(open);
  keyPackageContract(open);
  groupContract(open);
}

function deviceLogContract(open: () => Promise<Store>): void {
  test("a device log grows, and is read from any statement on", async () => {
    await using store = await open();
    await addPeople(store);
    expect(await store.deviceLogs.head(ada)).toBeUndefined();
    expect(await store.deviceLogs.read(ada, { after: 0, limit: 9 })).toEqual({
      statements: [],
      length: 0,
    });
    await store.deviceLogs.append(ada, extension(0, 2));
    await store.deviceLogs.append(ada, extension(2, 3));
    expect(await store.deviceLogs.head(ada)).toEqual({ length: 5, list: some(5) });
    expect(await store.deviceLogs.read(ada, { after: 1, limit: 2 })).toEqual({
      statements: [some(1, 222), some(2, 222)],
      length: 5,
    });
    expect(await store.deviceLogs.head(ben)).toBeUndefined();
  });

  test("a log that has grown meanwhile is not continued, and nothing of it is written", async () => {
    await using store = await open();
    await addPeople(store);
    await store.deviceLogs.append(ada, extension(0));
    const results = await Promise.allSettled([
      store.deviceLogs.append(ada, extension(1)),
      store.deviceLogs.append(ada, extension(1, 2)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expectRefusal(store.deviceLogs.append(ada, extension(1)), "device-list-conflict");
    await expectRefusal(store.deviceLogs.append(ada, extension(3)), "device-list-conflict");
    await expectRefusal(store.deviceLogs.append(nobody, extension(0)), "no-such-user");
    const { statements, length } = await store.deviceLogs.read(ada, { after: 0, limit: 9 });
    expect([statements.length, length]).toEqual([2, 2]);
    expect(await store.check()).toEqual([]);
  });

  test("a roster tells how long the peers' logs are", async () => {
    await using store = await open();
    await addPeople(store);
    await store.deviceLogs.append(ben, extension(0, 3));
    const names = { nickname: "", group: "", hideAddresses: false };
    const row = { owner: ada, peer: ben, state: "requested", ...names } as const;
    await store.roster.change([{ type: "put", row }]);
    expect((await store.roster.view(ada, ben))?.logLength).toBe(3);
    expect((await store.roster.of(ada)).map(({ logLength }) => logLength)).toEqual([3]);
  });
}

function keyPackageContract(open: () => Promise<Store>): void {
  const singleUse = (...names: number[]): Uint8Array[] => names.map((n) => some(n));

  test("single-use packages go in order, each once; then the one of last resort, again and again", async () => {
    await using store = await open();
    await addPeople(store);
    const packages = { singleUse: singleUse(1, 2), lastResort: some(9), maxKept: 8 };
    expect(await store.keyPackages.publish(benLaptop, packages)).toBe(2);
    const taken = await Promise.all(
      [1, 2, 3, 4].map(() => store.keyPackages.take(benLaptop, { spare: false })),
    );
    expect(taken).toEqual([
      { keyPackage: some(1), left: 1, singleUse: true },
      { keyPackage: some(2), left: 0, singleUse: true },
      { keyPackage: some(9), left: 0, singleUse: false },
      { keyPackage: some(9), left: 0, singleUse: false },
    ]);
    expect(await store.keyPackages.take(benPhone, { spare: false })).toBeUndefined();
    expect(await store.keyPackages.take(noDevice, { spare: false })).toBeUndefined();
  });

  test("whoever spares a device gets its last resort, or nothing", async () => {
    await using store = await open();
    await addPeople(store);
    await store.keyPackages.publish(benLaptop, { singleUse: singleUse(1), maxKept: 8 });
    expect(await store.keyPackages.take(benLaptop, { spare: true })).toBeUndefined();
    await store.keyPackages.publish(benLaptop, {
      singleUse: [],
      lastResort: some(9),
      maxKept: 8,
    });
    expect(await store.keyPackages.take(benLaptop, { spare: true })).toEqual({
      keyPackage: some(9),
      left: 1,
      singleUse: false,
    });
  });

  test("packages are kept up to a bound, none twice, and one last resort", async () => {
    await using store = await open();
    await addPeople(store);
    const publish = (packages: Uint8Array[], lastResort: Uint8Array): Promise<number> =>
      store.keyPackages.publish(benLaptop, { singleUse: packages, lastResort, maxKept: 3 });
    expect(await publish(singleUse(1, 2, 1), some(8))).toBe(2);
    expect(await publish(singleUse(2, 3, 4, 5), some(9))).toBe(3);
    const taken: (Uint8Array | undefined)[] = [];
    for (let count = 0; count < 4; count++) {
      taken.push((await store.keyPackages.take(benLaptop, { spare: false }))?.keyPackage);
    }
    expect(taken).toEqual([...singleUse(1, 2, 3), some(9)]);
    // The same last resort again.
    expect(await publish([], some(9))).toBe(0);
    const refused = store.keyPackages.publish(noDevice, { singleUse: [], maxKept: 3 });
    await expectRefusal(refused, "no-such-device");
  });

  test("packages go with their device", async () => {
    await using store = await open();
    await addPeople(store);
    const packages = { singleUse: singleUse(1), lastResort: some(9), maxKept: 8 };
    await store.keyPackages.publish(benLaptop, packages);
    await store.keyPackages.publish(benPhone, packages);
    await store.devices.remove(benPhone);
    expect(await store.keyPackages.take(benPhone, { spare: false })).toBeUndefined();
    expect(await store.keyPackages.take(benLaptop, { spare: false })).toBeDefined();
    expect(await store.check()).toEqual([]);
  });
}

function groupContract(open: () => Promise<Store>): void {
  const view = (store: Store, have?: number, deviceId = benLaptop) =>
    store.groups.view(conversation(1), {
      deviceId,
      ...(have === undefined ? {} : { have }),
      maxBytes: 250,
    });

  test("a group is made once, at any epoch, by accounts that there are", async () => {
    await using store = await open();
    await addGroup(store, 7);
    expect(await store.groups.find(conversation(1))).toEqual({
      conversationId: conversation(1),
      members: [ada, ben],
      epoch: 7,
    });
    expect(await store.groups.find(conversation(2))).toBeUndefined();
    await expectRefusal(store.groups.create({ ...state(0), members: [ada, ben] }), "group-exists");
    const other = state(0, { conversationId: conversation(2) });
    await expectRefusal(store.groups.create({ ...other, members: [ada, nobody] }), "no-such-user");
    expect(await store.groups.find(conversation(2))).toBeUndefined();
    expect(await view(store)).toEqual({
      epoch: 7,
      groupInfo: some(7, 300),
      commits: [],
      more: false,
    });
  });

  test("of two commits that end one epoch, the first wins, also within one tick", async () => {
    await using store = await open();
    await addGroup(store);
    const results = await Promise.allSettled(
      [11, 12].map((n) => store.groups.commit({ ...state(1), commit: some(n) }, quota)),
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expectRefusal(
      store.groups.commit({ ...state(1), commit: some(13) }, quota),
      "epoch-taken",
    );
    expect(await view(store, 0)).toEqual({
      epoch: 1,
      groupInfo: some(1, 300),
      commits: [{ epoch: 0, commit: some(11) }],
      more: false,
    });
    await expectRefusal(
      store.groups.commit(
        { ...state(1, { conversationId: conversation(2) }), commit: some(1) },
        quota,
      ),
      "no-such-group",
    );
  });

  test("commits come in order, by pages; none of them after a gap; nothing for who has it all", async () => {
    await using store = await open();
    await addGroup(store);
    for (const epoch of [1, 2, 3, 4]) {
      await store.groups.commit({ ...state(epoch), commit: some(epoch) }, quota);
    }
    const first = await view(store, 1);
    expect(first?.commits).toEqual([
      { epoch: 1, commit: some(2) },
      { epoch: 2, commit: some(3) },
    ]);
    expect(first?.more).toBe(true);
    expect(await view(store, 3)).toMatchObject({ more: false, commits: [{ epoch: 3 }] });
    expect(await view(store, 4)).toEqual({ epoch: 4, commits: [], more: false });
    expect(await view(store, 9)).toMatchObject({ epoch: 4, groupInfo: some(4, 300), commits: [] });

    await store.groups.commit({ ...state(7), commit: some(7) }, quota);
    expect(await view(store, 3)).toMatchObject({ epoch: 7, commits: [], more: false });
    expect(await view(store, 6)).toMatchObject({ commits: [{ epoch: 6, commit: some(7) }] });
    // One that is larger than a page comes alone.
    await store.groups.commit({ ...state(8), commit: some(8, 999) }, quota);
    expect(await view(store, 7)).toMatchObject({ commits: [{ epoch: 7 }], more: false });
  });

  test("the newest commits are kept, by count and by bytes, and the newest always", async () => {
    await using store = await open();
    await addGroup(store);
    const add = (epoch: number, size: number, kept: typeof quota): Promise<void> =>
      store.groups.commit({ ...state(epoch), commit: some(epoch, size) }, kept);
    for (const epoch of [1, 2, 3]) await add(epoch, 10, { count: 2, bytes: 1000 });
    expect((await view(store, 0))?.commits).toEqual([]);
    expect((await view(store, 1))?.commits).toHaveLength(2);
    await add(4, 100, { count: 9, bytes: 115 });
    expect((await view(store, 1))?.commits).toEqual([]);
    expect((await view(store, 2))?.commits).toHaveLength(2);
    await add(5, 200, { count: 9, bytes: 115 });
    expect((await view(store, 3))?.commits).toEqual([]);
    expect((await view(store, 4))?.commits).toHaveLength(1);
  });

  test("a Welcome is kept for devices of the group's members only", async () => {
    await using store = await open();
    const eve = v.parse(UserId, id("u", 3));
    const evesLaptop = v.parse(DeviceId, id("d", 4));
    await store.accounts.create({
      userId: eve,
      userName: "eve",
      displayName: "x",
      credential: "x",
      now: 5,
    });
    const device = { name: "machine", publicKey: "key", now: 7, sessionEnds: 100 };
    await store.devices.signIn({ ...device, deviceId: evesLaptop, userId: eve }, 8);
    await addGroup(store, 3, { welcome: { devices: [benLaptop, evesLaptop], welcome: some(1) } });
    expect((await view(store))?.welcome).toBeDefined();
    expect((await view(store, undefined, evesLaptop))?.welcome).toBeUndefined();
  });

  test("each device has the newest Welcome that is for it", async () => {
    await using store = await open();
    const welcome = { devices: [benLaptop, benPhone, noDevice], welcome: some(1) };
    await addGroup(store, 3, { welcome });
    const next = { devices: [benPhone], welcome: some(2) };
    await store.groups.commit({ ...state(4, { welcome: next }), commit: some(4) }, quota);
    expect((await view(store))?.welcome).toEqual({ epoch: 3, welcome: some(1) });
    expect((await view(store, undefined, benPhone))?.welcome).toEqual({
      epoch: 4,
      welcome: some(2),
    });
    expect((await view(store, undefined, adaLaptop))?.welcome).toBeUndefined();
    expect((await view(store, 4))?.welcome).toBeUndefined();
    await store.devices.remove(benPhone);
    expect((await view(store, undefined, benPhone))?.welcome).toBeUndefined();
    expect(await store.check()).toEqual([]);
  });

  test("age removes commits and Welcomes, and leaves the group", async () => {
    await using store = await open();
    await addGroup(store, 0, { welcome: { devices: [benLaptop], welcome: some(1) } });
    await store.groups.commit({ ...state(1), commit: some(1) }, quota);
    await store.groups.commit({ ...state(2), commit: some(2) }, quota);
    expect(await store.groups.removeBefore(1002)).toBe(2);
    expect(await store.groups.removeBefore(1002)).toBe(0);
    expect(await view(store, 0)).toEqual({
      epoch: 2,
      groupInfo: some(2, 300),
      commits: [],
      more: false,
    });
    expect((await view(store, 1))?.commits).toHaveLength(1);
  });

  test("with an account go its groups", async () => {
    await using store = await open();
    await addGroup(store, 0, { welcome: { devices: [benLaptop], welcome: some(1) } });
    await store.groups.commit({ ...state(1), commit: some(1) }, quota);
    await store.accounts.remove(ben);
    expect(await store.groups.find(conversation(1))).toBeUndefined();
    expect(await store.groups.list(ada, { limit: 9 })).toEqual([]);
    expect(await store.check()).toEqual([]);
  });

  test("an account's groups are listed in the order of their making, page by page", async () => {
    await using store = await open();
    await addGroup(store);
    for (const n of [2, 3]) {
      const other = state(n, { conversationId: conversation(n) });
      await store.groups.create({ ...other, members: n === 2 ? [ben] : [ada] });
    }
    const listed = async (member: UserId, after?: ConversationId): Promise<ConversationId[]> => {
      const options = { limit: 1, ...(after === undefined ? {} : { after }) };
      const groups = await store.groups.list(member, options);
      return groups.map(({ conversationId }) => conversationId);
    };
    expect(await listed(ada)).toEqual([conversation(1)]);
    expect(await listed(ada, conversation(1))).toEqual([conversation(3)]);
    expect(await listed(ada, conversation(3))).toEqual([]);
    expect(await listed(nobody)).toEqual([]);
  });
}

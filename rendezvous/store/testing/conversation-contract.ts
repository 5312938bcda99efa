import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  ProtocolError,
  UserId,
  type ErrorName,
} from "../../../shared/protocol/index.ts";
import type { MembershipStep } from "../conversation-store.ts";
import type { Store } from "../store.ts";

const people = {
  ada: v.parse(UserId, id("u", 1)),
  ben: v.parse(UserId, id("u", 2)),
  cyd: v.parse(UserId, id("u", 3)),
  nobody: v.parse(UserId, id("u", 9)),
};
const benLaptop = v.parse(DeviceId, id("d", 2));

function id(kind: string, n: number): string {
  return `${kind}${String(n).padStart(20, "0")}A`;
}

function conversation(n: number): ConversationId {
  return v.parse(ConversationId, id("c", n));
}

function some(n: number, length = 40): Uint8Array {
  return new Uint8Array(length).fill(n);
}

/** Statement `after` of the first group, by which nobody comes or leaves. */
function step(after: number, change: Partial<MembershipStep> = {}): MembershipStep {
  return {
    conversationId: conversation(1),
    after,
    statement: some(after, 180),
    state: some(100 + after),
    came: [],
    left: [],
    now: 1000 + after,
    ...change,
  };
}

async function expectRefusal(write: Promise<unknown>, errorName: ErrorName): Promise<void> {
  await expect(write).rejects.toSatisfy(
    (error) => error instanceof ProtocolError && error.errorName === errorName,
    errorName,
  );
}

async function addPeople(store: Store): Promise<void> {
  for (const [userName, userId] of Object.entries(people)) {
    if (userId === people.nobody) continue;
    const account = { userId, userName, displayName: `${userName} L.`, credential: "x", now: 5 };
    await store.accounts.create(account);
  }
  const device = { name: "machine", publicKey: "key", now: 7, sessionEnds: 100 };
  await store.devices.signIn({ ...device, deviceId: benLaptop, userId: people.ben }, 8);
}

/** Ada's group with Ben. */
async function addGroup(store: Store): Promise<void> {
  await addPeople(store);
  await store.conversations.append(step(0, { came: [people.ada, people.ben] }), 9);
}

/** What every implementation of `Store` does with groups of people and their membership logs. */
export function conversationContract(open: () => Promise<Store>): void {
  const page = { after: 0, until: 99, limit: 99, maxBytes: 99_999 };

  test("a log begins once, grows one by one, and is read page by page", async () => {
    await using store = await open();
    await addGroup(store);
    const { conversations } = store;
    await expectRefusal(conversations.append(step(0), 9), "conversation-exists");
    await expectRefusal(
      conversations.append(step(1, { conversationId: conversation(2) }), 9),
      "no-such-conversation",
    );
    const results = await Promise.allSettled([
      conversations.append(step(1, { about: some(7) }), 9),
      conversations.append(step(1, { about: some(8) }), 9),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expectRefusal(conversations.append(step(3), 9), "membership-conflict");
    await conversations.append(step(2), 9);
    expect(await conversations.head(conversation(1))).toEqual({ length: 3, state: some(102) });
    expect(await conversations.about(conversation(1))).toEqual(some(7));
    expect(await conversations.head(conversation(2))).toBeUndefined();
    const read = (change: Partial<typeof page>) =>
      conversations.read(conversation(1), { ...page, ...change });
    expect(await read({})).toEqual([some(0, 180), some(1, 180), some(2, 180)]);
    expect(await read({ after: 1, until: 2 })).toEqual([some(1, 180)]);
    expect(await read({ limit: 2 })).toHaveLength(2);
    // One that is larger than a page comes alone.
    expect(await read({ maxBytes: 100 })).toHaveLength(1);
    expect(await read({ maxBytes: 400 })).toHaveLength(2);
    expect(await store.check()).toEqual([]);
  });

  test("a log that is not continued writes nothing", async () => {
    await using store = await open();
    await addGroup(store);
    const { conversations } = store;
    await expectRefusal(
      conversations.append(step(1, { came: [people.cyd, people.nobody] }), 9),
      "no-such-user",
    );
    expect(await conversations.place(conversation(1), people.cyd)).toBeUndefined();
    expect((await conversations.head(conversation(1)))?.length).toBe(1);
    expect(await conversations.read(conversation(1), page)).toHaveLength(1);
  });

  test("people come, leave, and come again; who left keeps what they may read", async () => {
    await using store = await open();
    await addGroup(store);
    const { conversations } = store;
    const place = (userId: UserId) => conversations.place(conversation(1), userId);
    expect(await place(people.ben)).toEqual({});
    expect(await place(people.cyd)).toBeUndefined();
    await conversations.append(step(1, { left: [people.ben] }), 9);
    await conversations.append(step(2, { came: [people.cyd] }), 9);
    expect(await place(people.ben)).toEqual({ until: 2 });
    expect(await conversations.list(people.ben, { limit: 9 })).toEqual([]);
    expect(await conversations.companions(people.ada)).toEqual([people.cyd]);
    expect(await conversations.companions(people.ben)).toEqual([]);
    expect(await conversations.together(people.ada, people.cyd)).toBe(true);
    expect(await conversations.together(people.ada, people.ben)).toBe(false);
    // Of those who came after them, those who left know nothing; of them, all may check the log.
    expect(await conversations.inLogOf(people.ben, people.ada)).toBe(true);
    expect(await conversations.inLogOf(people.ben, people.cyd)).toBe(false);
    expect(await conversations.inLogOf(people.cyd, people.ben)).toBe(true);
    expect(await conversations.inLogOf(people.cyd, people.nobody)).toBe(false);
    const userIds = [people.ada, people.cyd, people.nobody];
    const names = async (reader: UserId) =>
      (await conversations.profiles(conversation(1), { reader, userIds })).map(
        ({ displayName }) => displayName,
      );
    expect(await names(people.ben)).toEqual(["ada L."]);
    expect(await names(people.cyd)).toEqual(["ada L.", "cyd L."]);
    expect(await names(people.nobody)).toEqual([]);
    await conversations.append(step(3, { came: [people.ben] }), 9);
    expect(await place(people.ben)).toEqual({});
    expect(await store.check()).toEqual([]);
  });

  test("groups are listed in the order of their making, and no account is in too many", async () => {
    await using store = await open();
    await addPeople(store);
    const { conversations } = store;
    for (const n of [1, 2, 3]) {
      const came = n === 2 ? [people.ben] : [people.ada, people.ben];
      await conversations.append(step(0, { conversationId: conversation(n), came }), 3);
    }
    const more = step(0, { conversationId: conversation(4), came: [people.ada, people.ben] });
    await expectRefusal(conversations.append(more, 3), "too-many-groups");
    expect(await conversations.head(conversation(4))).toBeUndefined();
    const listed = async (after?: ConversationId) => {
      const options = { limit: 1, ...(after === undefined ? {} : { after }) };
      return await conversations.list(people.ada, options);
    };
    expect(await listed()).toEqual([{ conversationId: conversation(1), length: 1 }]);
    expect(await listed(conversation(1))).toEqual([{ conversationId: conversation(3), length: 1 }]);
    expect(await listed(conversation(3))).toEqual([]);
    const leaving = step(1, { conversationId: conversation(2), left: [people.ben] });
    await conversations.append(leaving, 3);
    await conversations.append(more, 3);
  });

  test("a group's MLS group follows who is in it: lists, Welcomes and its end", async () => {
    await using store = await open();
    await addGroup(store);
    const { conversations, groups } = store;
    const welcome = { devices: [benLaptop], welcome: some(1) };
    const state = { conversationId: conversation(1), groupInfo: some(3), now: 1 };
    await groups.create({ ...state, epoch: 0, members: [], welcome });
    expect(await groups.find(conversation(1))).toMatchObject({ members: [], epoch: 0 });
    const view = async () =>
      (await groups.view(conversation(1), { deviceId: benLaptop, maxBytes: 999 }))?.welcome;
    expect(await view()).toEqual({ epoch: 0, welcome: some(1) });
    expect(await groups.list(people.ben, { limit: 9 })).toHaveLength(1);
    await conversations.append(step(1, { left: [people.ben] }), 9);
    expect(await view()).toBeUndefined();
    expect(await groups.list(people.ben, { limit: 9 })).toEqual([]);
    // One that was made while they were still expected.
    await groups.commit(
      { ...state, epoch: 1, commit: some(4), welcome },
      { count: 9, bytes: 9999 },
    );
    expect(await view()).toBeUndefined();
    await conversations.append(step(2, { left: [people.ada] }), 9);
    expect(await groups.find(conversation(1))).toBeUndefined();
    expect(await store.check()).toEqual([]);
  });

  test("what has ended goes with age: its log, and nothing of others", async () => {
    await using store = await open();
    await addGroup(store);
    const { conversations } = store;
    const other = step(0, { conversationId: conversation(2), came: [people.ada] });
    await conversations.append(other, 9);
    expect(await conversations.removeEnded(9999)).toBe(0);
    await conversations.append(step(1, { left: [people.ada, people.ben] }), 9);
    expect(await conversations.removeEnded(1001)).toBe(0);
    expect(await conversations.removeEnded(1002)).toBe(1);
    expect(await conversations.head(conversation(1))).toBeUndefined();
    expect(await conversations.read(conversation(1), page)).toEqual([]);
    expect((await conversations.head(conversation(2)))?.length).toBe(1);
    expect(await store.check()).toEqual([]);
  });

  test("of an account that is removed stay the log and what it is checked by, as long as the group", async () => {
    await using store = await open();
    await addGroup(store);
    const { accounts, conversations, deviceLogs } = store;
    const list = { after: 0, statements: [some(5), some(6)], list: some(7) };
    await deviceLogs.append(people.ben, list);
    await accounts.remove(people.ben);
    expect(await conversations.place(conversation(1), people.ben)).toBeUndefined();
    expect((await conversations.head(conversation(1)))?.length).toBe(1);
    expect(await conversations.inLogOf(people.ada, people.ben)).toBe(true);
    expect(await conversations.inLogOf(people.cyd, people.ben)).toBe(false);
    const read = () => deviceLogs.read(people.ben, { after: 1, limit: 9 });
    expect(await read()).toEqual({ statements: [some(6)], length: 2 });
    expect(await deviceLogs.head(people.ben)).toBeUndefined();
    await accounts.remove(people.ada);
    expect(await conversations.removeEnded(9999)).toBe(1);
    expect(await read()).toEqual({ statements: [], length: 0 });
    expect(await store.check()).toEqual([]);
  });
}

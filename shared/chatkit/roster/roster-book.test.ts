import { beforeEach, expect, test } from "vitest";
import type { RosterEntry, RosterState, UserId } from "../../protocol/index.ts";
import { encodeBase64 } from "../../crypto/index.ts";
import { MAX_FORMER_DEVICES } from "../limits.ts";
import type { StoreWrite } from "../store.ts";
import { DeviceLogs, ListedAccount } from "../testing/device-logs.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { rowOf } from "../testing/trust-world.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import type { ListedDevice } from "../trust/trust-record.ts";
import { RosterBook } from "./roster-book.ts";

let ada: ListedAccount;
let ben: ListedAccount;
/** The verified lists. */
let listed: Map<UserId, readonly ListedDevice[]>;
let wanted: [UserId, number][];
let writes: StoreWrite[];

beforeEach(() => {
  const logs = new DeviceLogs();
  ada = new ListedAccount(1, logs);
  ben = new ListedAccount(2, logs);
  listed = new Map();
  wanted = [];
  writes = [];
});

function book(): RosterBook {
  const nothing = (): void => {};
  return new RosterBook(
    {
      onEntry: nothing,
      onRemoved: nothing,
      onSelf: nothing,
      onChanged: nothing,
      save: (more) => writes.push(...more),
    },
    {
      devices: (userId) => listed.get(userId) ?? [],
      isListed: () => false,
      wants: (userId, length) => wanted.push([userId, length]),
    },
  );
}

function list(account: ListedAccount, ...devices: readonly number[]): void {
  const keys = devices.map((n) => account.device(n).publicKey);
  listed.set(
    account.userId,
    keys.map((publicKey) => ({ publicKey, deviceId: deviceIdOfKey(publicKey) })),
  );
}

function entryOf(account: ListedAccount, state: RosterState, ...rows: number[]): RosterEntry {
  return {
    profile: { userId: account.userId, userName: "ben", displayName: "Ben" },
    state,
    nickname: "",
    group: "",
    devices: rows.map((n) => rowOf(account.device(n))),
    logLength: 7,
    presence: { show: "offline", statusText: "", endpoints: [] },
  };
}

function session(...rows: number[]): Parameters<RosterBook["session"]>[0] {
  return {
    profile: { userId: ada.userId, userName: "ada", displayName: "Ada" },
    deviceId: ada.peer(1).deviceId,
    devices: rows.map((n) => rowOf(ada.device(n))),
    show: "online",
    statusText: "",
    roster: [entryOf(ben, "buddies", 1, 2)],
  };
}

async function restarted(): Promise<RosterBook> {
  const store = new MemoryStore();
  await store.commit(writes);
  const again = book();
  await again.load(store);
  return again;
}

test("I8: devices are those that are listed and shown, of buddies and of oneself", () => {
  const roster = book();
  roster.session(session(1, 2, 3));
  expect(roster.devicesOf(ben.userId)).toEqual([]);
  list(ben, 2, 3);
  list(ada, 1, 3, 4);
  expect(roster.devicesOf(ben.userId)).toEqual([ben.peer(2)]);
  expect(roster.ownOthers()).toEqual([ada.peer(3)]);
  const permitted = [1, 2, 3, 4].map((n) => [
    roster.permits(ada.userId, ada.peer(n).deviceId),
    roster.permits(ben.userId, ben.peer(n).deviceId),
  ]);
  expect(permitted).toEqual([
    [false, false],
    [false, true],
    [true, false],
    [false, false],
  ]);
  expect(roster.permits(ben.userId, ada.peer(3).deviceId)).toBe(false);
  expect(roster.publicKeyOf(ben.peer(3))).toEqual(ben.device(3).publicKey);
  expect(roster.publicKeyOf(ben.peer(1))).toBeUndefined();
});

test("I8: the lists of buddies are asked for, nobody else's", () => {
  const roster = book();
  for (const state of ["requested", "pending", "blocked"] as const) {
    roster.entryChanged(entryOf(ben, state));
  }
  expect(wanted).toEqual([]);
  roster.entryChanged(entryOf(ben, "buddies"));
  expect(wanted).toEqual([[ben.userId, 7]]);
});

test("I8: who is no buddy has no devices here, listed or not", () => {
  const roster = book();
  list(ben, 1);
  roster.entryChanged(entryOf(ben, "blocked", 1));
  expect(roster.devicesOf(ben.userId)).toEqual([]);
  expect(roster.permits(ben.userId, ben.peer(1).deviceId)).toBe(false);
});

test("I8: a key that was listed once is known, also after a restart", async () => {
  const roster = book();
  roster.learn(ben.userId, [ben.device(1).publicKey]);
  const { deviceId } = ben.peer(1);
  const known = { userId: ben.userId, publicKey: ben.device(1).publicKey };
  expect(roster.device(deviceId)).toEqual(known);
  expect((await restarted()).device(deviceId)).toEqual(known);
  expect(roster.device(ben.peer(2).deviceId)).toBeUndefined();
});

test("I1: a saved key whose id is not made of it is none", async () => {
  const publicKey = encodeBase64(ben.device(2).publicKey);
  const value = JSON.stringify({ userId: ben.userId, publicKey });
  writes.push({ type: "put-value", key: `device-key/${ben.peer(1).deviceId}`, value });
  expect((await restarted()).device(ben.peer(1).deviceId)).toBeUndefined();
});

test("what an older version saved otherwise is left out", async () => {
  book().entryChanged(entryOf(ben, "buddies"));
  const old: Partial<RosterEntry> = { ...entryOf(ada, "buddies") };
  delete old.logLength;
  writes.push({ type: "put-value", key: `roster/${ada.userId}`, value: JSON.stringify(old) });
  writes.push({ type: "put-value", key: "self", value: JSON.stringify({ deviceId: "1" }) });
  const again = await restarted();
  expect(again.entries().map(({ profile }) => profile.userId)).toEqual([ben.userId]);
  expect(again.account).toBeUndefined();
});

test("oneself is there after a restart, with the own devices", async () => {
  const roster = book();
  roster.session(session(1, 2));
  roster.changeSelf({ statusText: "busy" });
  const again = await restarted();
  expect(again.account).toMatchObject({ deviceId: ada.peer(1).deviceId, statusText: "busy" });
  expect(again.ownRows()).toEqual([1, 2].map((n) => rowOf(ada.device(n))));
});

test("of too many former devices those learnt first go, and no listed one", () => {
  const roster = book();
  list(ben, 1);
  roster.learn(ben.userId, [ben.device(1).publicKey]);
  const random = seededRandom(3);
  const keys = Array.from({ length: MAX_FORMER_DEVICES + 5 }, () => random.bytes(32));
  roster.learn(ben.userId, keys);
  expect(roster.device(ben.peer(1).deviceId)).toBeDefined();
  const known = keys.filter((key) => roster.device(deviceIdOfKey(key)) !== undefined);
  expect(known).toEqual(keys.slice(6));
});

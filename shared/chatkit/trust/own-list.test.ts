import { beforeEach, expect, test } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import {
  decodeBase64,
  deviceStatement,
  encodeBase64,
  extendDeviceList,
  emptyDeviceList,
  identityKeysOf,
} from "../../crypto/index.ts";
import { flushMicrotasks } from "../testing/fake-clock.ts";
import { DeviceLogs, ListedAccount, testIdentity } from "../testing/device-logs.ts";
import { rejection } from "../testing/rejection.ts";
import { OWN_PAGE, TrustNode } from "../testing/trust-world.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { OWN_LIST_TRIES } from "../limits.ts";
import { idBytes } from "./device-id.ts";
import { genesisFor } from "./own-list.ts";

let logs: DeviceLogs;

beforeEach(() => {
  logs = new DeviceLogs();
});

/** Device `n` of an account whose first device is listed already. */
async function nodeOf(ada: ListedAccount, n: number): Promise<TrustNode> {
  return await TrustNode.start(ada.userId, ada.device(n), logs);
}

function vouched(node: TrustNode): boolean {
  return node.book.isListed(node.userId, node.identity.publicKey);
}

const otherPassword = identityKeysOf(new Uint8Array(32).fill(9));

test("I4: a genesis made before the account begins its list", () => {
  const userId = userIdOf(1);
  const keys = testIdentity(1, 1);
  const list = extendDeviceList(
    emptyDeviceList(idBytes(userId)),
    genesisFor(userId, keys, otherPassword, 5),
  );
  expect(list?.devices).toEqual([keys.publicKey]);
  expect(list?.passwordKey).toEqual(otherPassword.publicKey);
});

test("I4: an account without a list gets one at the first sign-in by password", async () => {
  const node = await TrustNode.start(userIdOf(1), testIdentity(1, 1), logs);
  await node.signedIn(0, otherPassword);
  expect(vouched(node)).toBe(true);
  expect(logs.list(node.userId)).toMatchObject({ length: 1, passwordKey: otherPassword.publicKey });
  expect(node.listings).toBe(1);
  expect(node.notices).toEqual([]);
});

test("I5: a new device vouches for itself by the password, once its key packages are there", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 2);
  let listedBefore: boolean | undefined;
  const { append } = node.connection;
  node.connection.append = (params) => {
    listedBefore = node.listings === 1;
    return append(params);
  };
  await node.signedIn(1, ada.passwordKey, [ada.device(1)]);
  expect(vouched(node)).toBe(true);
  expect(listedBefore).toBe(true);
  expect(logs.list(ada.userId)).toMatchObject({ length: 2, resets: 0 });
  expect(node.notices).toEqual([]);
  // Coming back, nothing is due.
  await node.restart();
  await node.signedIn(2, undefined, [ada.device(1)]);
  expect(node.connection.count("devices.append")).toBe(1);
  expect(node.listings).toBe(1);
});

test("I6: where the list knows another password it begins anew, and that is told", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 2);
  await node.signedIn(1, otherPassword, [ada.device(1)]);
  expect(logs.list(ada.userId)).toMatchObject({
    resets: 1,
    devices: [ada.device(2).publicKey],
    passwordKey: otherPassword.publicKey,
  });
  expect(node.kinds()).toEqual(["own-devices-changed"]);
});

test("I6: so it does for a device that is in it: who else is there nobody's password tells", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  await node.signedIn(2, otherPassword, [ada.device(2)]);
  expect(logs.list(ada.userId)).toMatchObject({
    resets: 1,
    devices: [ada.device(1).publicKey],
    passwordKey: otherPassword.publicKey,
  });
  expect(node.kinds()).toEqual(["own-devices-changed"]);
});

test("I6: a device that came back and is not listed goes on, is not vouched, and says so once", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("reset", 2, 2);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  await node.signedIn(2, undefined, [ada.device(2)]);
  expect(vouched(node)).toBe(false);
  expect(node.kinds()).toEqual(["own-devices-changed"]);
  expect(node.connection.count("devices.append")).toBe(0);
  await node.signedIn(2, ada.passwordKey, [ada.device(2)]);
  expect(vouched(node)).toBe(true);
});

test("I6: a device that is reset away while it is online says so", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  await node.signedIn(1);
  ada.change("reset", 2, 2);
  node.connection.tell({ userId: ada.userId, length: 2 });
  await flushMicrotasks();
  expect(vouched(node)).toBe(false);
  expect(node.kinds()).toEqual(["own-devices-changed", "own-devices-changed"]);
});

test("I7: another device that comes is told; one's own is not", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  await node.signedIn(1);
  ada.change("add", 2, "password");
  node.connection.tell({ userId: ada.userId, length: 2 });
  await flushMicrotasks();
  expect(node.notices).toMatchObject([
    { kind: "own-devices-changed", detail: `New among your devices: ${ada.peer(2).deviceId}` },
  ]);
});

test("I7: another password that a device of one's own has said is told", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, "password");
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  // A stolen device: from now on a password of its own could vouch for others.
  ada.change("password", 7, 2);
  node.connection.tell({ userId: ada.userId, length: 3 });
  await flushMicrotasks();
  expect(node.notices).toMatchObject([
    {
      kind: "own-devices-changed",
      detail: "Another of your devices says that your password was changed.",
    },
  ]);
});

test("I7: a first reading in several pages is no news", async () => {
  const ada = new ListedAccount(1, logs);
  for (const n of [2, 3, 4]) ada.change("add", n, 1);
  logs.page = 2;
  const node = await nodeOf(ada, 4);
  await node.signedIn(
    4,
    undefined,
    [1, 2, 3].map((n) => ada.device(n)),
  );
  expect(node.book.devices(ada.userId)).toHaveLength(4);
  expect(node.notices).toEqual([]);
});

test("I7: a listed device that the server has no more is taken out", async () => {
  const ada = new ListedAccount(1, logs);
  for (const n of [2, 3]) ada.change("add", n, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(3, undefined, [ada.device(3)]);
  expect(logs.list(ada.userId).devices).toEqual([1, 3].map((n) => ada.device(n).publicKey));
  expect(node.notices).toEqual([]);
});

test("I7: a device that came while the session began is not taken for gone", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  ada.change("remove", 2, 1);
  const node = await nodeOf(ada, 1);
  const { log } = node.connection;
  node.connection.log = (params) => {
    node.connection.log = log;
    ada.change("add", 2, "password");
    return log(params);
  };
  // The server told rows and length before the other device signed in.
  await node.signedIn(3);
  expect(logs.list(ada.userId).devices).toHaveLength(2);
  expect(node.book.devices(ada.userId)).toHaveLength(2);
});

test("I7: removing puts it into the list first; a device not listed itself cannot", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  await node.book.remove(ada.peer(2).deviceId);
  await node.book.remove(ada.peer(2).deviceId);
  expect(logs.list(ada.userId).devices).toEqual([ada.device(1).publicKey]);
  const stranger = await nodeOf(ada, 3);
  await stranger.signedIn(3);
  await stranger.book.remove(ada.peer(1).deviceId);
  expect(logs.list(ada.userId)).toMatchObject({ length: 3 });
});

test("I7: who leaves by themselves is not told so", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  await node.signedIn(1);
  await node.book.remove(ada.peer(1).deviceId);
  expect(logs.list(ada.userId).devices).toEqual([]);
  expect(node.notices).toEqual([]);
});

test("I5: two devices that sign in at once are both in the list at the end", async () => {
  const ada = new ListedAccount(1, logs);
  const [b, c] = [await nodeOf(ada, 2), await nodeOf(ada, 3)];
  const rows = [1, 2, 3].map((n) => ada.device(n));
  await Promise.all([b.signedIn(1, ada.passwordKey, rows), c.signedIn(1, ada.passwordKey, rows)]);
  expect(logs.list(ada.userId).devices).toHaveLength(3);
  await b.book.refresh(ada.userId);
  expect(b.book.devices(ada.userId)).toEqual(c.book.devices(ada.userId));
});

test("I5: a conflict that does not end fails the sign-in, after so many tries", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 2);
  node.connection.append = () => {
    throw new ProtocolError("device-list-conflict", "no");
  };
  expect(await rejection(node.signedIn(1, ada.passwordKey, [ada.device(1)]))).toMatchObject({
    errorName: "device-list-conflict",
  });
  expect(node.connection.count("devices.append")).toBe(OWN_LIST_TRIES);
});

test("I5: a lost connection fails the sign-in, and the next one succeeds", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 2);
  node.connection.setOnline(false);
  await rejection(node.signedIn(1, ada.passwordKey, [ada.device(1)]));
  node.connection.setOnline(true);
  await node.signedIn(1, ada.passwordKey, [ada.device(1)]);
  expect(vouched(node)).toBe(true);
});

test("I9: an answer that crossed this device's own statement is no lie", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  const { log } = node.connection;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  node.connection.log = async (params) => {
    node.connection.log = log;
    await held;
    return await log(params);
  };
  const reading = node.book.refresh(ada.userId);
  await node.book.remove(ada.peer(2).deviceId);
  release();
  expect(await reading).toBe(true);
  expect(node.notices).toEqual([]);
  expect(node.book.list(ada.userId)).toEqual(logs.list(ada.userId));
});

test("I9: a server that lost the end of the list gets it back, and the user is told", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  for (const n of [2, 3]) ada.change("add", n, 1);
  const rows = [2, 3].map((n) => ada.device(n));
  await node.signedIn(3, undefined, rows);
  const before = logs.statements(ada.userId);
  logs.rollBack(ada.userId, 1);
  await node.restart();
  await node.signedIn(1, undefined, rows);
  expect(logs.statements(ada.userId)).toEqual(before);
  expect(node.kinds()).toEqual(["server-untrusted"]);
});

test("I9: a long loss is given back page by page", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  const count = OWN_PAGE + 2;
  for (let n = 0; n < count / 2; n++) {
    ada.change("add", 2, 1);
    ada.change("remove", 2, 1);
  }
  await node.signedIn(1 + count);
  logs.rollBack(ada.userId, 1);
  await node.signedIn(1);
  expect(logs.list(ada.userId).length).toBe(1 + count);
  expect(node.connection.count("devices.append")).toBe(2);
});

test("I9: another list than the one known is taken for one's own only by password, and loudly", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  logs.rollBack(ada.userId, 1);
  for (const n of [3, 4]) ada.change("add", n, 1);
  const rows = [3, 4].map((n) => ada.device(n));
  expect(await rejection(node.signedIn(3, undefined, rows))).toMatchObject({
    reason: "device-list-conflict",
  });
  expect(node.book.devices(ada.userId)).toHaveLength(2);
  expect(node.kinds()).toEqual(["server-untrusted"]);
  await node.signedIn(3, ada.passwordKey, rows);
  expect(node.book.devices(ada.userId)).toHaveLength(3);
  expect(node.kinds().filter((kind) => kind === "own-devices-changed")).toHaveLength(1);
  // What can be given back is that of the new list.
  logs.rollBack(ada.userId, 2);
  await node.signedIn(2, undefined, rows);
  expect(logs.list(ada.userId).length).toBe(3);
});

test("I9: nor is one of the same length overlooked", async () => {
  const ada = new ListedAccount(1, logs);
  ada.change("add", 2, 1);
  const node = await nodeOf(ada, 1);
  await node.signedIn(2, undefined, [ada.device(2)]);
  logs.rollBack(ada.userId, 1);
  ada.change("add", 3, 1);
  await rejection(node.signedIn(2, undefined, [ada.device(3)]));
  expect(node.kinds()).toEqual(["server-untrusted"]);
  expect(node.notices[0]?.detail).toContain("Sign in with your password");
  await node.signedIn(2, ada.passwordKey, [ada.device(3)]);
  expect(node.book.devices(ada.userId)).toMatchObject([{}, { deviceId: ada.peer(3).deviceId }]);
  expect(node.kinds()).toContain("own-devices-changed");
});

test("I5: another password's statement fits the list and is signed by this device", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  await node.signedIn(1);
  const statement = node.book.passwordStatement(ada.passwordKey.publicKey, otherPassword);
  logs.append(ada.userId, [encodeBase64(statement)]);
  expect(logs.list(ada.userId)).toMatchObject({ passwordKey: otherPassword.publicKey, resets: 0 });
  expect(decodeBase64(logs.statements(ada.userId)[1] ?? "")).toEqual(statement);
});

test("I6: the next password endorses no list that the present one does not know", async () => {
  const ada = new ListedAccount(1, logs);
  const node = await nodeOf(ada, 1);
  await node.signedIn(1);
  // The server's own beginning, with this device in it and another beside.
  const server = identityKeysOf(new Uint8Array(32).fill(66));
  const subject = testIdentity(66, 1);
  const reset = { type: "reset", subject: subject.publicKey, passwordKeys: server } as const;
  logs.append(ada.userId, [
    encodeBase64(deviceStatement(logs.list(ada.userId), subject, reset, 0)),
  ]);
  ada.change("add", 1, subject);
  await node.book.refresh(ada.userId);
  expect(vouched(node)).toBe(true);
  const statement = node.book.passwordStatement(ada.passwordKey.publicKey, otherPassword);
  logs.append(ada.userId, [encodeBase64(statement)]);
  expect(logs.list(ada.userId)).toMatchObject({
    devices: [ada.device(1).publicKey],
    passwordKey: otherPassword.publicKey,
    resets: 2,
  });
});

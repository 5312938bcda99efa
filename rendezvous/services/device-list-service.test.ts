import { expect, test } from "vitest";
import {
  deviceStatement,
  emptyDeviceList,
  extendDeviceList,
  type DeviceList,
} from "../../shared/crypto/index.ts";
import { decodeId, limits } from "../../shared/protocol/index.ts";
import { newKeys, type TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";
import { base64, bytesOf } from "./base64.ts";

async function listOf(reader: TestClient, { userId }: TestClient): Promise<DeviceList> {
  const userBytes = new Uint8Array(16);
  decodeId(userId, userBytes);
  const { logs } = await reader.request("devices.log", { of: [{ userId, after: 0 }] });
  let list = emptyDeviceList(userBytes);
  for (const statement of logs[0]?.statements ?? []) {
    const next = extendDeviceList(list, bytesOf(statement));
    if (next === undefined) throw new Error("the server has let a wrong statement in");
    list = next;
  }
  return list;
}

/** A statement by which the client's device adds another. */
function addition(client: TestClient, list: DeviceList): Uint8Array {
  return deviceStatement(
    list,
    client.keys,
    { type: "add", subject: newKeys().publicKey },
    list.length,
  );
}

function append(client: TestClient, ...statements: Uint8Array[]): Promise<string> {
  return client.refusal("devices.append", { statements: statements.map(base64) });
}

test("a device list begins at registration, grows, and buddies are told and can read it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  expect(ada.session.logLength).toBe(1);
  const { entries } = await bob.request("roster.get", {});
  expect(entries[0]?.logLength).toBe(1);

  const before = await listOf(ada, ada);
  expect(await append(ada, addition(ada, before))).toBe("granted");
  expect(await bob.event("devices.changed")).toEqual({ userId: ada.userId, length: 2 });
  expect(ada.eventNames()).not.toContain("devices.changed");
  const after = await listOf(bob, ada);
  expect(after.devices).toHaveLength(2);
  expect((await bob.request("roster.get", {})).entries[0]?.logLength).toBe(2);

  const of = [{ userId: ada.userId, after: 1 }];
  const { logs } = await bob.request("devices.log", { of });
  expect(logs[0]?.statements).toHaveLength(1);
  expect(logs[0]?.length).toBe(2);
});

test("statements are checked: a fork, a stranger's, another account's and half a right batch", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const eve = await server.register("eve");
  const list = await listOf(ada, ada);
  const first = addition(ada, list);
  expect(await append(ada, first)).toBe("granted");
  // Another one in the place of the first.
  expect(await append(ada, addition(ada, list))).toBe("device-list-conflict");
  // The same again: the answer may have been lost, and the client reads the list.
  expect(await append(ada, first)).toBe("device-list-conflict");
  const longer = await listOf(ada, ada);
  expect(await append(ada, addition(eve, longer))).toBe("device-list-conflict");
  expect(await append(ada, addition(eve, await listOf(eve, eve)))).toBe("device-list-conflict");
  expect(await append(ada, addition(ada, longer), addition(ada, longer))).toBe(
    "device-list-conflict",
  );
  expect((await listOf(ada, ada)).length).toBe(2);
});

test("of two devices that continue the list at once, one wins", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const phone = await server.connect();
  await phone.signIn("ada");
  const list = await listOf(ada, ada);
  const outcomes = await Promise.all([
    append(ada, addition(ada, list)),
    append(phone, addition(ada, list)),
  ]);
  expect(outcomes.toSorted()).toEqual(["device-list-conflict", "granted"]);
  expect((await listOf(phone, ada)).length).toBe(2);
});

test("lists are read by their owner, buddies and who was asked; not by whoever only asks", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  const { userId } = bob;
  const read = async (client: TestClient, of: TestClient): Promise<number> => {
    const { logs } = await client.request("devices.log", { of: [{ userId: of.userId, after: 0 }] });
    return logs.length;
  };
  expect(await read(ada, bob)).toBe(0);
  expect(await read(ada, ada)).toBe(1);
  const asked = await ada.request("roster.add", { userName: "bob" });
  // How many devices somebody has, and since when, is nothing for strangers.
  expect(asked.logLength).toBe(0);
  expect(await read(ada, bob)).toBe(0);
  expect(await read(bob, ada)).toBe(1);
  const accepted = await bob.request("roster.accept", { userId: ada.userId });
  expect(accepted.logLength).toBe(1);
  expect(await read(ada, bob)).toBe(1);
  expect((await ada.request("roster.block", { userId })).logLength).toBe(0);
  expect(await read(ada, bob)).toBe(0);
});

test("a long list is read page by page, also when many are asked for at once", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  let list = await listOf(ada, ada);
  const statements: Uint8Array[] = [];
  for (let count = 0; count < 80; count++) {
    const statement = addition(ada, list);
    statements.push(statement);
    list = extendDeviceList(list, statement) ?? list;
  }
  expect(await append(ada, ...statements)).toBe("granted");
  const of = Array.from({ length: limits.DEVICE_LOGS_AT_ONCE }, () => ({
    userId: ada.userId,
    after: 0,
  }));
  const { logs } = await ada.request("devices.log", { of });
  expect(logs).toHaveLength(of.length);
  for (const log of logs) {
    expect(log.length).toBe(81);
    expect(log.statements).toHaveLength(64);
  }
});

test("a device is renamed by its own account, and buddies see it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { deviceId } = ada;
  expect(await bob.refusal("device.rename", { deviceId, name: "Bob's" })).toBe("no-such-device");
  await ada.request("device.rename", { deviceId, name: "Desk" });
  const { entry } = await bob.event("roster.changed");
  expect(entry.devices.map(({ name }) => name)).toEqual(["Desk"]);
  const { devices } = await ada.event("self.changed");
  expect(devices.map(({ name }) => name)).toEqual(["Desk"]);
});

import { expect, test } from "vitest";
import type { TestClient } from "../testing/test-client.ts";
import { befriend, startTestServer } from "../testing/test-server.ts";

async function states(client: TestClient): Promise<string[]> {
  const { entries } = await client.request("roster.get", {});
  return entries.map(({ profile, state }) => `${profile.userName} ${state}`);
}

test("asking and accepting; neither shows presence or devices before both agreed", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  const asked = await ada.request("roster.add", { userName: "BOB" });
  expect(asked).toMatchObject({ state: "requested", devices: [], presence: { show: "offline" } });
  const { entry } = await bob.event("roster.changed");
  expect(entry).toMatchObject({ state: "pending", devices: [], presence: { show: "offline" } });
  expect(entry.presence.endpoints).toEqual([]);

  const accepted = await bob.request("roster.accept", { userId: ada.userId });
  expect(accepted).toMatchObject({ state: "buddies", presence: { show: "online" } });
  expect(accepted.devices.map(({ deviceId }) => deviceId)).toEqual([ada.deviceId]);
  const told = await ada.event("roster.changed", ({ entry }) => entry.state === "buddies");
  expect(told.entry.presence.endpoints[0]?.deviceId).toBe(bob.deviceId);
  // Again is no error.
  await bob.request("roster.accept", { userId: ada.userId });
  await ada.request("roster.add", { userName: "bob" });
  expect(await states(ada)).toEqual(["bob buddies"]);
});

test("two who ask each other are buddies, also at the same moment", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  await Promise.all([
    ada.request("roster.add", { userName: "bob" }),
    bob.request("roster.add", { userName: "ada" }),
  ]);
  expect(await states(ada)).toEqual(["bob buddies"]);
  expect(await states(bob)).toEqual(["ada buddies"]);
});

test("declining, withdrawing and removing end it for both", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  const gone = async (): Promise<void> => {
    await ada.event("roster.removed", ({ userId }) => userId === bob.userId);
    await bob.event("roster.removed", ({ userId }) => userId === ada.userId);
    expect(await states(ada)).toEqual([]);
    expect(await states(bob)).toEqual([]);
  };
  await ada.request("roster.add", { userName: "bob" });
  await bob.request("roster.decline", { userId: ada.userId });
  await gone();
  await ada.request("roster.add", { userName: "bob" });
  await ada.request("roster.remove", { userId: bob.userId });
  await gone();
  await ada.request("roster.add", { userName: "bob" });
  await bob.request("roster.accept", { userId: ada.userId });
  await bob.request("roster.remove", { userId: ada.userId });
  await gone();
});

test("steps that do not apply are refused", async () => {
  await using server = await startTestServer({ rosterEntries: 1 });
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  await server.register("eve");
  const { userId } = bob;
  for (const method of ["accept", "decline", "remove", "unblock", "update"]) {
    expect(await ada.refusal(`roster.${method}`, { userId })).toBe("no-such-entry");
  }
  expect(await ada.refusal("roster.add", { userName: "nobody" })).toBe("no-such-user");
  expect(await ada.refusal("roster.add", { userName: "ada" })).toBe("invalid-params");
  expect(await ada.refusal("roster.block", { userId: ada.userId })).toBe("invalid-params");
  expect(await ada.refusal("roster.block", { userId: ada.deviceId })).toBe("no-such-user");
  await ada.request("roster.add", { userName: "bob" });
  expect(await ada.refusal("roster.accept", { userId })).toBe("no-such-entry");
  expect(await ada.refusal("roster.add", { userName: "eve" })).toBe("roster-full");
});

test("nickname and group are one's own, on all of one's devices", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const entry = await ada.request("roster.update", { userId: bob.userId, nickname: "Bobby" });
  expect(entry).toMatchObject({ nickname: "Bobby", group: "" });
  await ada.request("roster.update", { userId: bob.userId, group: "Work" });
  const told = await ada.event("roster.changed", ({ entry }) => entry.group === "Work");
  expect(told.entry.nickname).toBe("Bobby");
  const { entries } = await bob.request("roster.get", {});
  expect(entries[0]).toMatchObject({ nickname: "", group: "" });
});

const UNKNOWN = { observed: { address: "0.0.0.0", port: 0 }, local: [] };

test("R8: addresses are kept from a buddy, in entries and in news, from the moment it is asked", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const cyd = await server.register("cyd");
  await befriend(ada, cyd);
  const entry = await ada.request("roster.update", { userId: bob.userId, hideAddresses: true });
  expect(entry.hideAddresses).toBe(true);
  const told = await bob.event("roster.changed", ({ entry: { presence } }) =>
    presence.endpoints.some(({ local }) => local.length === 0),
  );
  expect(told.entry.presence.endpoints).toMatchObject([{ deviceId: ada.deviceId, ...UNKNOWN }]);
  expect(told.entry.hideAddresses).toBeUndefined();
  const { entries } = await bob.request("roster.get", {});
  expect(entries[0]?.presence.endpoints).toMatchObject([UNKNOWN]);

  await ada.request("endpoint.update", { local: [{ address: "10.0.0.9", port: 9 }] });
  const moved = await bob.event("presence.changed");
  expect(moved.presence.endpoints).toMatchObject([UNKNOWN]);
  const seen = await cyd.event("presence.changed");
  expect(seen.presence.endpoints[0]?.local).toEqual([{ address: "10.0.0.9", port: 9 }]);

  // A session of either begins with what was asked before.
  const again = await server.connect();
  const { roster } = await again.resume(bob.keys);
  expect(roster[0]?.presence.endpoints).toMatchObject([UNKNOWN]);
  ada.ws.close();
  await again.event("presence.changed", ({ presence }) => presence.show === "offline");
  const back = await server.connect();
  await back.resume(ada.keys);
  const returned = await again.event("presence.changed");
  expect(returned.presence.endpoints).toMatchObject([UNKNOWN]);

  await back.request("roster.update", { userId: bob.userId, hideAddresses: false });
  const shown = await again.event("roster.changed");
  expect(shown.entry.presence.endpoints[0]?.observed.address).not.toBe("0.0.0.0");
});

test("R8: a relation that is made anew hides nothing", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("roster.update", { userId: bob.userId, hideAddresses: true });
  await ada.request("roster.remove", { userId: bob.userId });
  await befriend(ada, bob);
  await ada.request("endpoint.update", { local: [{ address: "10.0.0.9", port: 9 }] });
  const { presence } = await bob.event("presence.changed");
  expect(presence.endpoints[0]?.local).toEqual([{ address: "10.0.0.9", port: 9 }]);
  const { entries } = await ada.request("roster.get", {});
  expect(entries[0]?.hideAddresses).toBeUndefined();
});

test("a blocked buddy sees somebody who went offline, and nothing else", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { channel } = await bob.request("relay.open", { to: ada.deviceId });
  const blocked = await ada.request("roster.block", { userId: bob.userId });
  expect(blocked).toMatchObject({ state: "blocked", devices: [], presence: { show: "offline" } });
  const { presence } = await bob.event("presence.changed");
  expect(presence).toEqual({ show: "offline", statusText: "", endpoints: [] });
  expect((await bob.event("relay.closed")).channel).toBe(channel);

  await ada.request("presence.set", { show: "busy", statusText: "away from bob" });
  const { entries } = await bob.request("roster.get", {});
  expect(entries[0]).toMatchObject({ state: "buddies", presence: { show: "offline" } });
  expect(entries[0]?.devices).toHaveLength(1);
  const signal = {
    to: ada.deviceId,
    linkId: "AAAAAAAAAAAAAAAAAAAAAA",
    signal: { type: "request" },
  };
  expect(await bob.refusal("signal.send", signal)).toBe("peer-offline");
  expect(await bob.refusal("relay.open", { to: ada.deviceId })).toBe("peer-offline");
  const envelope = { id: "AAAAAAAAAAAAAAAAAAAAAA", to: ada.deviceId, envelope: "AAAA" };
  expect(await bob.raw("mailbox.put", { envelopes: [envelope] })).toEqual({
    outcomes: [{ outcome: "stored" }],
  });
  expect(await server.store.mailbox.count(ada.deviceId)).toBe(0);
  expect(bob.eventNames()).not.toContain("roster.removed");
  expect(bob.eventNames()).not.toContain("presence.changed");
});

test("asking somebody by whom one is blocked looks like a request that nobody answers", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  await ada.request("roster.block", { userId: bob.userId });
  const asked = await bob.request("roster.add", { userName: "ada" });
  expect(asked.state).toBe("requested");
  expect(await states(ada)).toEqual(["bob blocked"]);
  expect(ada.eventNames()).toEqual(["roster.changed"]);

  await ada.request("roster.unblock", { userId: bob.userId });
  expect(await states(ada)).toEqual([]);
  await bob.request("roster.add", { userName: "ada" });
  expect(await states(ada)).toEqual(["bob pending"]);
});

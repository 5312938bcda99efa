import { expect, test } from "vitest";
import { HELLO } from "../testing/test-client.ts";
import { befriend, startTestServer } from "../testing/test-server.ts";

test("buddies hear of a change; strangers hear nothing", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  await eve.request("roster.add", { userName: "ada" });
  await ada.request("presence.set", { show: "away", statusText: "lunch" });
  const { userId, presence } = await bob.event("presence.changed");
  expect(userId).toBe(ada.userId);
  expect(presence).toMatchObject({ show: "away", statusText: "lunch" });
  expect(presence.endpoints[0]).toMatchObject({ deviceId: ada.deviceId, local: HELLO.local });
  const self = await ada.event("self.changed");
  expect(self).toMatchObject({ show: "away", statusText: "lunch" });

  await ada.request("endpoint.update", { local: [{ address: "10.0.0.9", port: 9 }] });
  const moved = await bob.event("presence.changed");
  expect(moved.presence.endpoints[0]?.local).toEqual([{ address: "10.0.0.9", port: 9 }]);
  await eve.request("session.ping", {});
  expect(eve.eventNames()).not.toContain("presence.changed");
  const { entries } = await eve.request("roster.get", {});
  expect(entries[0]?.presence).toEqual({ show: "offline", statusText: "", endpoints: [] });
});

test("somebody is offline when their last device has left, and was last seen then", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const phone = await server.connect();
  await phone.signIn("ada");
  const both = await bob.event("presence.changed");
  expect(both.presence.endpoints).toHaveLength(2);
  ada.ws.close();
  const one = await bob.event("presence.changed");
  expect(one.presence).toMatchObject({ show: "online", endpoints: [{ deviceId: phone.deviceId }] });
  server.clock.advance(5000);
  phone.ws.terminate();
  const { presence } = await bob.event("presence.changed");
  const lastSeen = server.clock.now();
  expect(presence).toEqual({ show: "offline", statusText: "", endpoints: [], lastSeen });
  const { entries } = await bob.request("roster.get", {});
  expect(entries[0]?.presence).toEqual(presence);
});

test("who appears offline is not told of, but hears of others and may talk", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("presence.set", { show: "offline", statusText: "" });
  const { presence } = await bob.event("presence.changed");
  expect(presence).toMatchObject({ show: "offline", endpoints: [] });
  expect(await bob.refusal("relay.open", { to: ada.deviceId })).toBe("peer-offline");
  await ada.request("endpoint.update", { local: [] });
  const again = await server.connect();
  const session = await again.resume(ada.keys);
  expect(session.show).toBe("offline");
  await bob.request("presence.set", { show: "busy", statusText: "" });
  await again.event("presence.changed", ({ userId }) => userId === bob.userId);
  expect(bob.eventNames()).not.toContain("presence.changed");

  // Once she has begun, she may be answered.
  const linkId = "AAAAAAAAAAAAAAAAAAAAAA";
  const signal = { type: "request" };
  await again.raw("signal.send", { to: bob.deviceId, linkId, signal });
  await bob.raw("signal.send", { to: ada.deviceId, linkId, signal });
  await again.event("signal.received");
});

test("200 buddies hear of one change", async () => {
  await using server = await startTestServer({ registrationBurst: 300 });
  const hub = await server.register("hub");
  const others = await Promise.all(
    Array.from({ length: 200 }, (_, index) => server.register(`user${index}`)),
  );
  await Promise.all(others.map((other) => befriend(hub, other)));
  await hub.request("presence.set", { show: "busy", statusText: "all" });
  const told = await Promise.all(
    others.map((other) =>
      other.event("presence.changed", ({ presence }) => presence.statusText === "all"),
    ),
  );
  expect(told.every(({ userId }) => userId === hub.userId)).toBe(true);
}, 60_000);

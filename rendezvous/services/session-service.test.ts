import { expect, test } from "vitest";
import { closeCodes, limits } from "../../shared/protocol/index.ts";
import { encodeBase64, identityKeysOf } from "../../shared/crypto/index.ts";
import { errorNameOf, HELLO, newKeys, TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

test("server information needs no sign-in", async () => {
  await using server = await startTestServer({ serverName: "Hive", registration: "closed" });
  const client = await server.connect();
  const info = await client.request("server.info", {});
  expect(info).toMatchObject({ name: "Hive", registration: "closed", now: server.clock.now() });
});

test("A7: a device comes back by its key, and is told what is new", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  ada.ws.terminate();
  await bob.event("presence.changed", ({ presence }) => presence.show === "offline");
  await bob.request("presence.set", { show: "busy", statusText: "baking" });

  const again = await server.connect();
  const session = await again.resume(ada.keys);
  expect(session.deviceId).toBe(ada.deviceId);
  expect(session.logLength).toBe(1);
  expect(session.roster[0]?.presence).toMatchObject({ show: "busy", statusText: "baking" });
  expect(await errorNameOf(again.request("session.challenge", {}))).toBe("already-signed-in");
});

test("A7: a key that the server does not know has no session", async () => {
  await using server = await startTestServer();
  await server.register("ada");
  const stranger = await server.connect();
  expect(await errorNameOf(stranger.resume(newKeys()))).toBe("session-ended");
});

test("A7: nobody comes back without the device's secret key", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const thief = await server.connect();
  const forged = { ...identityKeysOf(newKeys().secretKey), publicKey: ada.keys.publicKey };
  expect(await errorNameOf(thief.resume(forged))).toBe("wrong-device-key");
  const nonsense = { ...ada.hello("AAAA"), proof: encodeBase64(new Uint8Array(64)) };
  await thief.request("session.challenge", {});
  expect(await thief.refusal("session.prove", { device: nonsense })).toBe("wrong-device-key");
});

test("A7: a challenge is good once, for a minute, and on its own connection", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const one = await server.connect();
  const other = await server.connect();
  const { challenge } = await one.request("session.challenge", {});
  const device = ada.hello(challenge);
  expect(await other.refusal("session.prove", { device })).toBe("wrong-device-key");
  // A newer one takes its place.
  await one.request("session.challenge", {});
  expect(await one.refusal("session.prove", { device })).toBe("wrong-device-key");
  expect(await one.refusal("session.prove", { device })).toBe("wrong-device-key");

  const late = await one.request("session.challenge", {});
  expect(late.challenge).not.toBe(challenge);
  server.clock.advance(20_000);
  expect(await one.refusal("session.prove", { device: ada.hello(late.challenge) })).toBe("granted");
});

test("a session whose device stays away too long has ended; one that comes back goes on", async () => {
  await using server = await startTestServer({ sessionTtlMs: 3 * DAY_MS });
  const ada = await server.register("ada");
  ada.ws.terminate();
  await ada.closed;
  for (let times = 0; times < 2; times++) {
    server.clock.advance(2 * DAY_MS);
    const again = await server.connect();
    await again.resume(ada.keys);
    again.ws.terminate();
    await again.closed;
  }
  server.clock.advance(4 * DAY_MS);
  const late = await server.connect();
  expect(await errorNameOf(late.resume(ada.keys))).toBe("session-ended");
}, 60_000);

test("A8: signing out ends the session and keeps the device; forgetting removes it", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const { deviceId } = ada;
  await ada.request("session.signOut", { forgetDevice: false });
  expect(await ada.closed).toBe(closeCodes.normal);
  const again = await server.connect();
  expect(await errorNameOf(again.resume(ada.keys))).toBe("session-ended");
  const session = await again.signIn("ada", { keys: ada.keys, name: "Another name" });
  expect(session.deviceId).toBe(deviceId);
  expect(session.devices).toMatchObject([{ deviceId, name: HELLO.name }]);

  await again.request("session.signOut", { forgetDevice: true });
  expect(await again.closed).toBe(closeCodes.normal);
  expect(await server.store.devices.get(deviceId)).toBeUndefined();
});

test("the same device connecting again replaces its older connection, unseen by buddies", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const again = await server.connect();
  const { deviceId } = ada;
  await again.resume(ada.keys);
  expect(await ada.closed).toBe(closeCodes.replaced);
  const { presence } = await bob.event("presence.changed");
  expect(presence.show).toBe("online");
  expect(presence.endpoints.map((endpoint) => endpoint.deviceId)).toEqual([deviceId]);
  // Had the old connection's end been taken for the device's, the signal would find nobody.
  const linkId = "AAAAAAAAAAAAAAAAAAAAAA";
  await bob.raw("signal.send", { to: deviceId, linkId, signal: { type: "bye" } });
  await again.event("signal.received");
});

test("A2: a device of one account is no device of another", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  await server.register("eve");
  const other = await server.connect();
  const { keys } = ada;
  expect(await errorNameOf(other.register("mallory", { keys }))).toBe("wrong-device-key");
  expect(await errorNameOf(other.signIn("eve", { keys }))).toBe("wrong-device-key");
  expect(await server.store.accounts.byName("mallory")).toBeUndefined();
  await ada.request("session.ping", {});
});

test("B8 several devices; a removed one is out at once; the number is bounded", async () => {
  await using server = await startTestServer({ devicesPerAccount: 2 });
  const ada = await server.register("ada");
  const phone = await server.connect();
  const { deviceId } = await phone.signIn("ada", { name: "Phone" });
  const { devices } = await ada.event("self.changed");
  expect(devices.map(({ name }) => name).toSorted()).toEqual(["Laptop", "Phone"]);
  const { presence } = await ada.event("presence.changed");
  expect(presence.endpoints).toHaveLength(2);

  const third = await server.connect();
  expect(await errorNameOf(third.signIn("ada"))).toBe("too-many-devices");
  expect(await ada.refusal("device.remove", { deviceId: ada.deviceId })).toBe("invalid-params");
  await ada.request("device.remove", { deviceId });
  expect(await phone.closed).toBe(closeCodes.sessionEnded);
  expect(await ada.refusal("device.remove", { deviceId })).toBe("no-such-device");
  expect(await errorNameOf(third.resume(phone.keys))).toBe("session-ended");
});

test("a stranger's device cannot be removed", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const refusal = await ada.refusal("device.remove", { deviceId: bob.deviceId });
  expect(refusal).toBe("no-such-device");
  await bob.request("session.ping", {});
});

test("A8: a disabled account is out, and stays out", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  await server.store.accounts.setDisabled(ada.userId, true);
  server.recheckSessions();
  expect(await ada.closed).toBe(closeCodes.sessionEnded);
  const again = await server.connect();
  expect(await errorNameOf(again.signIn("ada"))).toBe("account-disabled");
  expect(await errorNameOf(again.signIn("ada", { password: "not hers" }))).toBe("wrong-credential");
  expect(await errorNameOf(again.resume(ada.keys))).toBe("session-ended");
});

test("a ping finds out that the session is gone", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  await server.store.devices.endSessionsOf(ada.userId);
  await expect(ada.request("session.ping", {})).rejects.toThrow("closed with 4002");
  expect(await ada.closed).toBe(closeCodes.sessionEnded);
});

test("a connection that does not sign in is closed at the deadline", async () => {
  await using server = await startTestServer();
  const idle = await server.connect();
  const ada = await server.register("ada");
  server.clock.advance(limits.SIGN_IN_DEADLINE_MS);
  expect(await idle.closed).toBe(closeCodes.signInTimeout);
  await ada.request("session.ping", {});
});

test("a profile's new name reaches buddies and own devices", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("account.setProfile", { displayName: "Ada L." });
  const { entry } = await bob.event("roster.changed");
  expect(entry.profile.displayName).toBe("Ada L.");
  const { profile } = await ada.event("self.changed");
  expect(profile.displayName).toBe("Ada L.");
});

test("A6: wrong passwords keep no known device from coming back", async () => {
  await using server = await startTestServer({
    signInAttempts: 1,
    signInAttemptsPerAddress: 1,
    signInAttemptsPerAccount: 1,
  });
  const ada = await server.register("ada");
  const guesser = await server.connect();
  const wrong = { password: "a wrong horse" };
  expect(await errorNameOf(guesser.signIn("ada", wrong))).toBe("wrong-credential");
  expect(await errorNameOf(guesser.signIn("ada", wrong))).toBe("rate-limited");
  await using back = await TestClient.connect(server.port);
  expect((await back.resume(ada.keys)).deviceId).toBe(ada.deviceId);
});

import { expect, test } from "vitest";
import { closeCodes, limits } from "../../shared/protocol/index.ts";
import { HELLO, PASSWORD, TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const WRONG = { type: "password", password: "wrong horse" } as const;

test("server information needs no sign-in", async () => {
  await using server = await startTestServer({ serverName: "Hive", registration: "closed" });
  const client = await server.connect();
  const info = await client.request("server.info", {});
  expect(info).toMatchObject({ name: "Hive", registration: "closed", now: server.clock.now() });
});

test("registering signs in; the name is taken from then on, in every spelling", async () => {
  await using server = await startTestServer();
  const ada = await server.register("Ada");
  expect(ada.session.profile).toMatchObject({ userName: "Ada", displayName: "Ada" });
  expect(ada.session.devices).toHaveLength(1);
  const other = await server.connect();
  const params = { userName: "aDA", credential: PASSWORD, device: HELLO };
  expect(await other.refusal("account.register", params)).toBe("user-name-taken");
  expect(await ada.refusal("account.register", params)).toBe("already-signed-in");
});

test("a server may be closed, or ask for an invitation", async () => {
  const params = { userName: "ada", credential: PASSWORD, device: HELLO };
  await using closed = await startTestServer({ registration: "closed" });
  const stranger = await closed.connect();
  expect(await stranger.refusal("account.register", params)).toBe("registration-closed");

  await using server = await startTestServer({ registration: "invite" });
  await server.store.invites.create({
    code: "come-in",
    createdAt: server.clock.now(),
    expiresAt: undefined,
    usesLeft: 1,
  });
  const client = await server.connect();
  expect(await client.refusal("account.register", params)).toBe("invite-required");
  const wrong = { ...params, invite: "let-me-in" };
  expect(await client.refusal("account.register", wrong)).toBe("invite-invalid");
  await client.signIn("account.register", { ...params, invite: "come-in" });
  const late = await server.connect();
  const second = { ...params, userName: "bob", invite: "come-in" };
  expect(await late.refusal("account.register", second)).toBe("invite-invalid");
});

test("an unknown user and a wrong password are refused alike", async () => {
  await using server = await startTestServer();
  await server.register("ada");
  const client = await server.connect();
  for (const userName of ["ada", "nobody"]) {
    const params = { userName, credential: WRONG, device: HELLO };
    expect(await client.refusal("session.signIn", params)).toBe("wrong-credential");
  }
  await client.signIn("session.signIn", { userName: "ADA", credential: PASSWORD, device: HELLO });
});

test("a lost connection is resumed by the session's token, with what is new", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { sessionToken, deviceId } = ada.session;
  ada.ws.terminate();
  await bob.event("presence.changed", ({ presence }) => presence.show === "offline");
  await bob.request("presence.set", { show: "busy", statusText: "baking" });

  const again = await server.connect();
  const session = await again.signIn("session.resume", { sessionToken, device: HELLO });
  expect(session.deviceId).toBe(deviceId);
  expect(session.roster[0]?.presence).toMatchObject({ show: "busy", statusText: "baking" });
  const wrong = await server.connect();
  const params = { sessionToken: "nonsense", device: HELLO };
  expect(await wrong.refusal("session.resume", params)).toBe("session-ended");
});

test("a session that is not resumed in time has ended; one that is goes on", async () => {
  const day = 24 * 60 * 60 * 1000;
  await using server = await startTestServer({ sessionTtlMs: 3 * day });
  const ada = await server.register("ada");
  const { sessionToken } = ada.session;
  ada.ws.terminate();
  await ada.closed;
  for (let times = 0; times < 2; times++) {
    server.clock.advance(2 * day);
    const again = await server.connect();
    await again.signIn("session.resume", { sessionToken, device: HELLO });
    again.ws.terminate();
    await again.closed;
  }
  server.clock.advance(4 * day);
  const late = await server.connect();
  const refusal = await late.refusal("session.resume", { sessionToken, device: HELLO });
  expect(refusal).toBe("session-ended");
}, 60_000);

test("signing out ends the session; forgetting the device removes it", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const { sessionToken, deviceId } = ada.session;
  await ada.request("session.signOut", { forgetDevice: true });
  expect(await ada.closed).toBe(closeCodes.normal);
  expect(await server.store.devices.get(deviceId)).toBeUndefined();
  const again = await server.connect();
  const refusal = await again.refusal("session.resume", { sessionToken, device: HELLO });
  expect(refusal).toBe("session-ended");
});

test("the same device connecting again replaces its older connection, unseen by buddies", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const again = await server.connect();
  const { sessionToken, deviceId } = ada.session;
  await again.signIn("session.resume", { sessionToken, device: HELLO });
  expect(await ada.closed).toBe(closeCodes.replaced);
  const { presence } = await bob.event("presence.changed");
  expect(presence.show).toBe("online");
  expect(presence.endpoints.map((endpoint) => endpoint.deviceId)).toEqual([deviceId]);
  // Had the old connection's end been taken for the device's, the signal would find nobody.
  const linkId = "AAAAAAAAAAAAAAAAAAAAAA";
  await bob.raw("signal.send", { to: deviceId, linkId, signal: { type: "bye" } });
  await again.event("signal.received");
});

test("a device of one account is not taken over by another account", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const mallory = await server.connect();
  const session = await mallory.signIn("account.register", {
    userName: "mallory",
    credential: PASSWORD,
    device: { ...HELLO, deviceId: ada.deviceId },
  });
  expect(session.deviceId).not.toBe(ada.deviceId);
  await ada.request("session.ping", {});
});

test("several devices; a removed one is out at once; the number is bounded", async () => {
  await using server = await startTestServer({ devicesPerAccount: 2 });
  const ada = await server.register("ada");
  const phone = await server.connect();
  const params = { userName: "ada", credential: PASSWORD, device: { ...HELLO, name: "Phone" } };
  const { deviceId, sessionToken } = await phone.signIn("session.signIn", params);
  const { devices } = await ada.event("self.changed");
  expect(devices.map(({ name }) => name).toSorted()).toEqual(["Laptop", "Phone"]);
  const { presence } = await ada.event("presence.changed");
  expect(presence.endpoints).toHaveLength(2);

  const third = await server.connect();
  expect(await third.refusal("session.signIn", params)).toBe("too-many-devices");
  expect(await ada.refusal("device.remove", { deviceId: ada.deviceId })).toBe("invalid-params");
  await ada.request("device.remove", { deviceId });
  expect(await phone.closed).toBe(closeCodes.sessionEnded);
  expect(await ada.refusal("device.remove", { deviceId })).toBe("no-such-device");
  const refusal = await third.refusal("session.resume", { sessionToken, device: HELLO });
  expect(refusal).toBe("session-ended");
});

test("a stranger's device cannot be removed", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const refusal = await ada.refusal("device.remove", { deviceId: bob.deviceId });
  expect(refusal).toBe("no-such-device");
  await bob.request("session.ping", {});
});

test("changing the password ends all other sessions", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const other = await server.connect();
  await other.signIn("session.signIn", { userName: "ada", credential: PASSWORD, device: HELLO });
  const next = { type: "password", password: "battery staple" } as const;
  const wrong = { current: WRONG, next };
  expect(await ada.refusal("account.changePassword", wrong)).toBe("wrong-credential");
  await ada.request("account.changePassword", { current: PASSWORD, next });
  expect(await other.closed).toBe(closeCodes.sessionEnded);
  await ada.request("session.ping", {});

  const third = await server.connect();
  const old = { userName: "ada", credential: PASSWORD, device: HELLO };
  expect(await third.refusal("session.signIn", old)).toBe("wrong-credential");
  await third.signIn("session.signIn", { ...old, credential: next });
});

test("a disabled account is out, and stays out", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  await server.store.accounts.setDisabled(ada.userId, true);
  server.recheckSessions();
  expect(await ada.closed).toBe(closeCodes.sessionEnded);
  const again = await server.connect();
  const params = { userName: "ada", credential: PASSWORD, device: HELLO };
  expect(await again.refusal("session.signIn", params)).toBe("account-disabled");
  const { sessionToken } = ada.session;
  const refusal = await again.refusal("session.resume", { sessionToken, device: HELLO });
  expect(refusal).toBe("session-ended");
});

test("a ping finds out that the session is gone", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  await server.store.sessions.removeOfUser(ada.userId);
  await expect(ada.request("session.ping", {})).rejects.toThrow("closed with 4002");
  expect(await ada.closed).toBe(closeCodes.sessionEnded);
});

test("guessing is slowed down; the owner gets in from elsewhere", async () => {
  await using server = await startTestServer({ signInAttempts: 3, trustProxy: true });
  await server.register("ada");
  const from = async (address: string): Promise<TestClient> =>
    TestClient.connect(server.port, { headers: { "x-forwarded-for": address } });
  await using guesser = await from("203.0.113.5");
  const wrong = { userName: "ada", credential: WRONG, device: HELLO };
  const right = { ...wrong, credential: PASSWORD };
  for (let guess = 0; guess < 3; guess++) {
    expect(await guesser.refusal("session.signIn", wrong)).toBe("wrong-credential");
  }
  // Not even the right one is looked at now.
  expect(await guesser.refusal("session.signIn", right)).toBe("rate-limited");
  await using owner = await from("198.51.100.7");
  await owner.signIn("session.signIn", right);

  server.clock.advance(1000);
  expect(await guesser.refusal("session.signIn", wrong)).toBe("wrong-credential");
  server.clock.advance(1000);
  expect(await guesser.refusal("session.signIn", wrong)).toBe("rate-limited");
  server.clock.advance(1000);
  expect(await guesser.refusal("session.signIn", wrong)).toBe("wrong-credential");
});

test("new accounts from one address are bounded", async () => {
  await using server = await startTestServer({ registrationBurst: 2, registrationsPerMinute: 1 });
  await server.register("ada");
  await server.register("bob");
  const client = await server.connect();
  const params = { userName: "eve", credential: PASSWORD, device: HELLO };
  expect(await client.refusal("account.register", params)).toBe("rate-limited");
  server.clock.advance(29_000);
  server.clock.advance(29_000);
  const later = await server.connect();
  server.clock.advance(2000);
  await later.signIn("account.register", params);
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

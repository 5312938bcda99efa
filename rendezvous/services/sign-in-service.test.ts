import { afterEach, expect, test, vi } from "vitest";
import {
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  startLogin,
  startRegistration,
} from "../../shared/crypto/index.ts";
import { canonicalUserName, decodeId } from "../../shared/protocol/index.ts";
import { OpaqueServer } from "../sign-in/opaque-server.ts";
import { SignInThrottle } from "../sign-in/sign-in-throttle.ts";
import { errorNameOf, newKeys, PASSWORD, TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const WRONG = { password: "wrong horse" };

afterEach(() => {
  vi.restoreAllMocks();
});

test("registering signs in; the name is taken from then on, in every spelling", async () => {
  await using server = await startTestServer();
  const ada = await server.register("Ada");
  expect(ada.session.profile).toMatchObject({ userName: "Ada", displayName: "Ada" });
  expect(ada.session.devices).toHaveLength(1);
  expect(ada.session.logLength).toBe(1);
  const other = await server.connect();
  expect(await errorNameOf(other.register("aDA"))).toBe("user-name-taken");
  expect(await errorNameOf(ada.register("eve"))).toBe("already-signed-in");
});

test("a server may be closed, or ask for an invitation", async () => {
  await using closed = await startTestServer({ registration: "closed" });
  const stranger = await closed.connect();
  expect(await errorNameOf(stranger.register("ada"))).toBe("registration-closed");

  await using server = await startTestServer({ registration: "invite" });
  await server.store.invites.create({
    code: "come-in",
    createdAt: server.clock.now(),
    expiresAt: undefined,
    usesLeft: 1,
  });
  const client = await server.connect();
  expect(await errorNameOf(client.register("ada"))).toBe("invite-required");
  expect(await errorNameOf(client.register("ada", { invite: "let-me-in" }))).toBe("invite-invalid");
  await client.register("ada", { invite: "come-in" });
  const late = await server.connect();
  expect(await errorNameOf(late.register("bob", { invite: "come-in" }))).toBe("invite-invalid");
});

test("H6 whoever was not invited does not learn which user names there are", async () => {
  await using server = await startTestServer({ registration: "invite" });
  const now = server.clock.now();
  const code = (text: string, expiresAt?: number) => ({
    code: text,
    createdAt: now,
    expiresAt,
    usesLeft: 1,
  });
  await server.store.invites.create(code("come-in"));
  await server.store.invites.create(code("too-late", now + 1000));
  await (await server.connect()).register("ada", { invite: "come-in" });
  server.clock.advance(1000);
  const { request } = await startRegistration(PASSWORD);
  const stranger = await server.connect();
  for (const userName of ["ada", "ben"]) {
    for (const invite of ["let-me-in", "come-in", "too-late", ""]) {
      expect(await stranger.refusal("account.registerStart", { userName, request, invite })).toBe(
        "invite-invalid",
      );
    }
  }
});

test("A2: a device list begins with the device that registers, signed by it", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const other = newKeys();
  const begin = async (change: { subject?: Uint8Array; userId?: Uint8Array }): Promise<string> => {
    const { request } = await startRegistration(PASSWORD);
    const started = await client.request("account.registerStart", { userName: "ada", request });
    const userId = new Uint8Array(16);
    decodeId(started.userId, userId);
    const keys = change.subject === undefined ? client.keys : other;
    const genesis = deviceStatement(
      emptyDeviceList(change.userId ?? userId),
      keys,
      { type: "genesis", subject: keys.publicKey, passwordKeys: other },
      0,
    );
    return client.refusal("account.registerFinish", {
      record: "A".repeat(256),
      device: client.hello(started.challenge),
      statement: encodeBase64(genesis),
    });
  };
  expect(await begin({ subject: other.publicKey })).toBe("wrong-device-key");
  expect(await begin({ userId: new Uint8Array(16) })).toBe("device-list-conflict");
  // All well but the record.
  expect(await begin({})).toBe("invalid-params");
  expect(await server.store.accounts.byName("ada")).toBeUndefined();
});

test("A3: an unknown user and a wrong password look alike, and take the same work", async () => {
  await using server = await startTestServer();
  await server.register("ada");
  // An account of an older server, whose password nobody can know here.
  const { accounts } = server.store;
  const old = await server.register("old");
  await accounts.setCredential(old.userId, "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA");

  const seen: { work: unknown[]; response: number; challenge: number; refusals: string[] }[] = [];
  for (const userName of ["ada", "nobody", "old"]) {
    const work: unknown[] = [];
    const watched = [
      vi.spyOn(accounts, "byName"),
      vi.spyOn(OpaqueServer.prototype, "startLogin"),
      vi.spyOn(OpaqueServer.prototype, "finishLogin"),
      vi.spyOn(SignInThrottle.prototype, "begin"),
      vi.spyOn(accounts, "byId"),
      vi.spyOn(server.store.devices, "get"),
      vi.spyOn(server.store.devices, "signIn"),
    ];
    const client = await server.connect();
    const { request } = await startLogin(WRONG.password);
    const half = await client.request("session.signInStart", { userName, request });
    const device = client.hello(half.challenge);
    const finish = "A".repeat(86);
    const refusals = [
      await client.refusal("session.signInFinish", { finish, device }),
      await client.refusal("session.signInFinish", { finish, device }),
    ];
    for (const each of watched) {
      work.push([each.getMockName(), each.mock.calls.length]);
      each.mockRestore();
    }
    seen.push({ work, response: half.response.length, challenge: half.challenge.length, refusals });
  }
  expect(seen[0]).toMatchObject({ refusals: ["wrong-credential", "invalid-request"] });
  expect(seen[0]?.work).toContainEqual(["finishLogin", 1]);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

test("any spelling of the name and any composition of the password signs in", async () => {
  await using server = await startTestServer();
  const ada = await server.connect();
  await ada.register("ada", { password: "caf\u00e9 con leche" });
  const other = await server.connect();
  const session = await other.signIn("ADA", { password: "cafe\u0301 con leche" });
  expect(session.devices).toHaveLength(2);
  const third = await server.connect();
  const wrong = { password: "cafe con leche" };
  expect(await errorNameOf(third.signIn("ada", wrong))).toBe("wrong-credential");
});

test("A1: nothing that the server gets or keeps holds the password", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const sent: string[] = [];
  const { ws } = client;
  const send = ws.send.bind(ws);
  vi.spyOn(ws, "send").mockImplementation((data) => {
    if (typeof data === "string") sent.push(data);
    send(data);
  });
  await client.register("ada");
  const account = await server.store.accounts.byName("ada");
  const hidden = [PASSWORD, Buffer.from(PASSWORD).toString("base64url").slice(0, -1)];
  for (const text of [...sent, account?.credential ?? ""]) {
    for (const secret of hidden) expect(text).not.toContain(secret);
  }
  expect(sent).toHaveLength(2);
});

test("A4: the second half must follow the first on its connection, within a minute", async () => {
  await using server = await startTestServer();
  await server.register("ada");
  const client = await server.connect();
  const finish = "A".repeat(86);
  const device = client.hello(Buffer.alloc(32).toString("base64"));
  const params = { finish, device };
  expect(await client.refusal("session.signInFinish", params)).toBe("invalid-request");
  const other = await server.connect();
  const { request } = await startLogin(PASSWORD);
  await other.request("session.signInStart", { userName: "ada", request });
  expect(await client.refusal("session.signInFinish", params)).toBe("invalid-request");
  // The first half of a registration is none of a sign-in.
  const registration = await startRegistration(PASSWORD);
  await other.request("account.registerStart", { userName: "eve", request: registration.request });
  expect(await other.refusal("session.signInFinish", params)).toBe("invalid-request");
});

test("A4: a password that changed between the halves is not the right one any more", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const { accounts } = server.store;
  const other = await server.connect();
  const found = accounts.byName.bind(accounts);
  const record = (await found("ada"))?.credential ?? "";
  let calls = 0;
  vi.spyOn(accounts, "byName").mockImplementation(async (name) => {
    calls += 1;
    if (calls === 2) await accounts.setCredential(ada.userId, `${record.slice(0, -1)}A`);
    return found(name);
  });
  expect(await errorNameOf(other.signIn("ada"))).toBe("wrong-credential");
  expect(calls).toBeGreaterThanOrEqual(2);
});

test("A5: guessing is slowed down; the owner gets in from elsewhere", async () => {
  await using server = await startTestServer({ signInAttempts: 3, trustProxy: true });
  await server.register("ada");
  const from = async (address: string): Promise<TestClient> =>
    TestClient.connect(server.port, { headers: { "x-forwarded-for": address } });
  await using guesser = await from("203.0.113.5");
  for (let guess = 0; guess < 3; guess++) {
    expect(await errorNameOf(guesser.signIn("ada", WRONG))).toBe("wrong-credential");
  }
  // Not even the right one is looked at now.
  expect(await errorNameOf(guesser.signIn("ada"))).toBe("rate-limited");
  await using owner = await from("198.51.100.7");
  await owner.signIn("ada");

  server.clock.advance(1000);
  expect(await errorNameOf(guesser.signIn("ada", WRONG))).toBe("wrong-credential");
  server.clock.advance(1000);
  expect(await errorNameOf(guesser.signIn("ada", WRONG))).toBe("rate-limited");
  server.clock.advance(1000);
  expect(await errorNameOf(guesser.signIn("ada", WRONG))).toBe("wrong-credential");
});

test("A5: whoever guesses without a second half is slowed down as well", async () => {
  await using server = await startTestServer({ signInAttempts: 3 });
  await server.register("ada");
  const guesser = await server.connect();
  const params = { userName: "ada", request: (await startLogin("a guess")).request };
  for (let guess = 0; guess < 3; guess++) await guesser.request("session.signInStart", params);
  expect(await guesser.refusal("session.signInStart", params)).toBe("rate-limited");
});

test("new accounts from one address are bounded", async () => {
  await using server = await startTestServer({ registrationBurst: 2, registrationsPerMinute: 1 });
  await server.register("ada");
  await server.register("bob");
  const client = await server.connect();
  expect(await errorNameOf(client.register("eve"))).toBe("rate-limited");
  server.clock.advance(29_000);
  server.clock.advance(29_000);
  const later = await server.connect();
  server.clock.advance(2000);
  await later.register("eve");
});

test("bytes that are no message of OPAQUE are refused", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  for (const method of ["account.registerStart", "session.signInStart"]) {
    const params = { userName: canonicalUserName("Ada"), request: "AAAA" };
    expect(await client.refusal(method, params)).toBe("invalid-params");
  }
});

import { startLogin } from "../../shared/crypto/index.ts";
import { expect, test, vi } from "vitest";
import type { AuditRecord } from "../store/audit-store.ts";
import { errorNameOf, newKeys, PASSWORD } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const address = "127.0.0.1";

async function log(server: TestServer): Promise<readonly AuditRecord[]> {
  return server.store.audit.list({ after: 0, since: 0, limit: 1000 });
}

async function actions(server: TestServer): Promise<readonly string[]> {
  return (await log(server)).map(({ action }) => action);
}

test("H8 registrations, sign-ins and devices are written down, with who and from where", async () => {
  await using server = await startTestServer();
  const ada = await server.register("Ada");
  const phone = await server.connect();
  await phone.signIn("ADA", { keys: newKeys() });
  await ada.request("device.remove", { deviceId: phone.deviceId });
  await ada.changePassword(PASSWORD, "battery staple");
  const actor = ada.userId;
  expect(await log(server)).toEqual([
    expect.objectContaining({ action: "registered", actor, address, subject: "Ada" }),
    expect.objectContaining({ action: "signed-in", actor, address, subject: "Ada" }),
    expect.objectContaining({ action: "device-added", actor, address, subject: phone.deviceId }),
    expect.objectContaining({ action: "device-removed", actor, subject: phone.deviceId }),
    expect.objectContaining({ action: "password-changed", actor, address }),
  ]);
});

test("H8 a known device that comes back adds nothing", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  server.clock.advance(1000);
  const again = await server.connect();
  await again.resume(ada.keys);
  const anew = await server.connect();
  await anew.signIn("ada", { keys: ada.keys });
  expect(await actions(server)).toEqual(["registered", "signed-in"]);
});

test("H8 a wrong password is written down, also where the client does not finish", async () => {
  await using server = await startTestServer();
  await server.register("ada");
  const finishing = await server.connect();
  await errorNameOf(finishing.signIn("ada", { password: "wrong horse" }));
  // As real clients do: they find out by themselves.
  const leaving = await server.connect();
  const { request } = await startLogin("wrong horse");
  await leaving.request("session.signInStart", { userName: "ada", request });
  await leaving.request("session.signInStart", { userName: "ada", request });
  leaving.ws.close();
  await vi.waitFor(async () => expect(await actions(server)).toHaveLength(4));
  const [, ...failures] = await log(server);
  for (const failure of failures) {
    expect(failure).toMatchObject({
      action: "sign-in-failed",
      actor: "nobody",
      address,
      subject: "ada",
      detail: "wrong-credential",
    });
  }
});

test("H10 a name that is no account's is not repeated: it may be a password", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  await errorNameOf(client.signIn("MyS3cretPassword"));
  await vi.waitFor(async () => expect(await log(server)).toHaveLength(1));
  expect((await log(server))[0]).toMatchObject({ detail: "no such user" });
  expect(JSON.stringify(await log(server))).not.toContain("MyS3cret");
});

test("H8 invitations are written down by their first letters", async () => {
  await using server = await startTestServer({ registration: "invite" });
  const invite = "abcd-efgh-jkmn-pqrs";
  await server.store.invites.create({
    code: invite,
    createdAt: 1,
    expiresAt: undefined,
    usesLeft: 1,
  });
  const ada = await server.connect();
  expect(await errorNameOf(ada.register("ada"))).toBe("invite-required");
  await ada.register("ada", { invite });
  const ben = await server.connect();
  expect(await errorNameOf(ben.register("ben", { invite }))).toBe("invite-invalid");
  expect(await log(server)).toEqual([
    expect.objectContaining({ action: "registration-refused", detail: "invite-required" }),
    expect.objectContaining({ action: "registered", subject: "ada", detail: "invitation abcd" }),
    expect.objectContaining({ action: "registration-refused", detail: "invite-invalid" }),
  ]);
});

test("H8 what strangers send for an invitation does nothing to a terminal", async () => {
  // An open server looks at no code.
  await using server = await startTestServer();
  const eve = await server.connect();
  await eve.register("eve", { invite: "\u001bc\u0007\u202e!" });
  expect(await log(server)).toEqual([
    expect.objectContaining({ action: "registered", detail: "invitation ?c??" }),
  ]);
});

test("H9 limits that are reached are written down", async () => {
  await using server = await startTestServer({ signInAttempts: 1 });
  const ada = await server.register("ada");
  const guesser = await server.connect();
  await errorNameOf(guesser.signIn("ada", { password: "wrong horse" }));
  expect(await errorNameOf(guesser.signIn("ada", { password: "wrong horse" }))).toBe(
    "rate-limited",
  );
  await ada.request("session.ping", {});
  await vi.waitFor(async () => expect(await actions(server)).toContain("limit-reached"));
  expect((await log(server)).at(-1)).toMatchObject({
    actor: "nobody",
    address,
    detail: "session.signInStart",
  });
});

test("H8 nothing is written about buddies, presence and messages", async () => {
  await using server = await startTestServer();
  const [ada, ben] = await server.buddies("ada", "ben");
  const { channel } = await ada.request("relay.open", { to: ben.deviceId });
  ada.sendChannelData(channel, new Uint8Array([1]));
  await ben.channelData();
  await ada.request("presence.set", { show: "away", statusText: "lunch" });
  expect(new Set(await actions(server))).toEqual(new Set(["registered"]));
});

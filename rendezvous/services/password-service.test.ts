import { expect, test } from "vitest";
import { closeCodes } from "../../shared/protocol/index.ts";
import { errorNameOf, PASSWORD } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const NEXT = "battery staple";

test("A8: changing the password ends all other sessions", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const other = await server.connect();
  await other.signIn("ada");
  await ada.changePassword(PASSWORD, NEXT);
  expect(await other.closed).toBe(closeCodes.sessionEnded);
  await ada.request("session.ping", {});

  const third = await server.connect();
  expect(await errorNameOf(third.resume(other.keys))).toBe("session-ended");
  expect(await errorNameOf(third.signIn("ada"))).toBe("wrong-credential");
  await third.signIn("ada", { password: NEXT });
  expect(third.session.logLength).toBe(2);
});

test("A9: password and device list change together or not at all", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  expect(await errorNameOf(ada.changePassword("wrong horse", NEXT))).toBe("wrong-credential");
  const before = await server.store.accounts.byId(ada.userId);
  // A device that nobody vouched for cannot say what the password's key is.
  const phone = await server.connect();
  await phone.signIn("ada");
  expect(await errorNameOf(phone.changePassword(PASSWORD, NEXT))).toBe("device-list-conflict");
  expect(await server.store.accounts.byId(ada.userId)).toEqual(before);
  expect((await server.store.deviceLogs.head(ada.userId))?.length).toBe(1);
  await ada.request("session.ping", {});
});

test("A9: base64 whose last bits are not zero is no failure of the server's", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const sloppy = (statement: string): string => {
    const last = statement.charCodeAt(statement.length - 3);
    return `${statement.slice(0, -3)}${String.fromCharCode(last + 1)}==`;
  };
  await ada.changePassword(PASSWORD, NEXT, sloppy);
  expect(await (await server.connect()).signIn("ada", { password: NEXT })).toBeDefined();
});

test("A5: wrong present passwords are slowed down like those of strangers", async () => {
  await using server = await startTestServer({ signInAttempts: 2 });
  const ada = await server.register("ada");
  for (let guess = 0; guess < 2; guess++) {
    expect(await errorNameOf(ada.changePassword("wrong horse", NEXT))).toBe("wrong-credential");
  }
  expect(await errorNameOf(ada.changePassword(PASSWORD, NEXT))).toBe("rate-limited");
});

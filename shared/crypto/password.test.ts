import { client, ready, server } from "@serenity-kit/opaque";
import { beforeAll, expect, test } from "vitest";
import { sign, verify } from "./identity.ts";
import {
  finishLogin,
  finishRegistration,
  PasswordAnswerError,
  startLogin,
  startRegistration,
  type KeyStretching,
} from "./password.ts";

const cheap: KeyStretching = { memoryKiB: 8, passes: 1, parallelism: 1 };
const userIdentifier = "ada";
const password = "caf\u00e9 con leche";
let serverSetup: string;

beforeAll(async () => {
  await ready;
  serverSetup = server.createSetup();
});

async function register(stretching?: KeyStretching): ReturnType<typeof finishRegistration> {
  const start = await startRegistration(password);
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup,
    userIdentifier,
    registrationRequest: start.request,
  });
  return finishRegistration(password, start, registrationResponse, stretching);
}

async function login(
  record: string,
  tried: string,
  stretching?: KeyStretching,
): Promise<{ login: Awaited<ReturnType<typeof finishLogin>>; state: string }> {
  const start = await startLogin(tried);
  const { loginResponse, serverLoginState } = server.startLogin({
    serverSetup,
    userIdentifier,
    registrationRecord: record,
    startLoginRequest: start.request,
  });
  const login = await finishLogin(tried, start, loginResponse, stretching);
  return { login, state: serverLoginState };
}

test("A1, A4: the right password logs in and gives the same key, however it is composed", async () => {
  const { record, passwordKeys } = await register(cheap);
  const { login: known, state } = await login(record, "cafe\u0301 con leche", cheap);
  expect(known?.passwordKeys).toEqual(passwordKeys);
  const message = Uint8Array.of(1, 2, 3);
  expect(verify(passwordKeys.publicKey, message, sign(passwordKeys, message))).toBe(true);
  const finished = server.finishLogin({
    serverLoginState: state,
    finishLoginRequest: known?.finish ?? "",
  });
  expect(finished.sessionKey).not.toBe("");
});

test("A4: another registration of the same password gives another key", async () => {
  const one = await register(cheap);
  const other = await register(cheap);
  expect(one.passwordKeys.publicKey).not.toEqual(other.passwordKeys.publicKey);
});

test("a wrong password, and another server, are found out", async () => {
  const { record } = await register(cheap);
  expect((await login(record, "cafe con leche", cheap)).login).toBeUndefined();
  serverSetup = server.createSetup();
  expect((await login(record, password, cheap)).login).toBeUndefined();
});

test("A1: everybody's passwords are stretched by Argon2id with 64 MiB", async () => {
  const { record } = await register();
  const start = await startLogin(password);
  const { loginResponse } = server.startLogin({
    serverSetup,
    userIdentifier,
    registrationRecord: record,
    startLoginRequest: start.request,
  });
  const known = client.finishLogin({
    password: password.normalize("NFC"),
    clientLoginState: start.state,
    loginResponse,
    keyStretching: "memory-constrained",
  });
  expect(known).toBeDefined();
});

test("an answer that is no message of OPAQUE is an error", async () => {
  const start = await startLogin(password);
  await expect(finishLogin(password, start, "AAAA", cheap)).rejects.toThrow(PasswordAnswerError);
  const registration = await startRegistration(password);
  await expect(finishRegistration(password, registration, "AAAA", cheap)).rejects.toThrow(
    PasswordAnswerError,
  );
});

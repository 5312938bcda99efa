import * as v from "valibot";
import {
  Password,
  ProtocolError,
  type DeviceHello,
  type Params,
  type Result,
  type SignedIn,
  type UserId,
} from "../../protocol/index.ts";
import { encodeBase64, type IdentityKeys } from "../../crypto/index.ts";
import { assertNever } from "../assert-never.ts";
import type { PasswordWork } from "../ports.ts";
import type { Answer, RpcSocket } from "./rpc-socket.ts";

type FirstMethod = "account.registerStart" | "session.signInStart" | "session.challenge";

/** Asks a server that does not know yet who is asking. */
export type Ask = <M extends FirstMethod>(method: M, params: Params<M>) => Promise<Result<M>>;

type Last<M extends "account.registerFinish" | "session.signInFinish" | "session.prove"> = {
  readonly method: M;
  readonly params: Params<M>;
};

/** The request whose answer is the session. */
export type LastStep =
  | Last<"account.registerFinish">
  | Last<"session.signInFinish">
  | Last<"session.prove">;

/**
 * How a connection signs in, from the open socket to its last request, which it leaves to the caller.
 * @throws ProtocolError as the server refused it, wrong-credential
 */
export type SignIn = (ask: Ask) => Promise<LastStep>;

/** What this device tells of itself, with the proof for that challenge (base64). */
export type Hello = (challenge: string) => DeviceHello;

/** What a sign-in by password needs of the device. */
export interface SigningIn {
  readonly userName: string;
  readonly password: string;
  readonly hello: Hello;
  readonly passwords: PasswordWork;
  /** The password's own keys, before the session begins: they vouch for this device. */
  readonly onPasswordKeys: (keys: IdentityKeys) => void;
}

export function byPassword(options: SigningIn): SignIn {
  const { userName, password, hello, passwords, onPasswordKeys } = options;
  return async (ask) => {
    const start = await passwords.startLogin(password);
    const { response, challenge } = await ask("session.signInStart", {
      userName,
      request: start.request,
    });
    const known = await passwords.finishLogin(password, start, response);
    if (known === undefined) throw wrongPassword();
    onPasswordKeys(known.passwordKeys);
    const params = { finish: known.finish, device: hello(challenge) };
    return { method: "session.signInFinish", params };
  };
}

export function byRegistration(
  options: SigningIn & {
    readonly displayName?: string;
    readonly invite?: string;
    /** The first statement of the account's device list. */
    readonly genesis: (userId: UserId, passwordKeys: IdentityKeys) => Uint8Array;
  },
): SignIn {
  const { userName, password, hello, passwords, onPasswordKeys } = options;
  const { displayName, invite, genesis } = options;
  return async (ask) => {
    checkPassword(password);
    const start = await passwords.startRegistration(password);
    const { userId, response, challenge } = await ask("account.registerStart", {
      userName,
      request: start.request,
      ...(invite === undefined ? {} : { invite }),
    });
    const { record, passwordKeys } = await passwords.finishRegistration(password, start, response);
    onPasswordKeys(passwordKeys);
    const params = {
      record,
      device: hello(challenge),
      statement: encodeBase64(genesis(userId, passwordKeys)),
      ...(displayName === undefined ? {} : { displayName }),
    };
    return { method: "account.registerFinish", params };
  };
}

/** As the device that it is. */
export function byKey(hello: Hello): SignIn {
  return async (ask) => {
    const { challenge } = await ask("session.challenge", {});
    return { method: "session.prove", params: { device: hello(challenge) } };
  };
}

/** The answer is handled before the next frame is read. */
export function callLast(rpc: RpcSocket, last: LastStep, answer: Answer<SignedIn>): void {
  switch (last.method) {
    case "account.registerFinish":
      return rpc.call(last.method, last.params, answer);
    case "session.signInFinish":
      return rpc.call(last.method, last.params, answer);
    case "session.prove":
      return rpc.call(last.method, last.params, answer);
    default:
      return assertNever(last);
  }
}

/** The server cannot look at it. @throws ProtocolError invalid-params */
export function checkPassword(password: string): void {
  const result = v.safeParse(Password, password);
  if (!result.success) throw new ProtocolError("invalid-params", result.issues[0].message);
}

export function wrongPassword(): ProtocolError {
  return new ProtocolError("wrong-credential", "User name or password is wrong.");
}

import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import type { client as OpaqueClient } from "@serenity-kit/opaque";
import { identityKeysOf, KEY_BYTES, type IdentityKeys } from "./identity.ts";

const PASSWORD_KEY = utf8ToBytes("beeline password key v1");

/** Work that a guess costs (Argon2id, RFC 9106). The same at every login of a password. */
export interface KeyStretching {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The second recommended option of RFC 9106 §4: 64 MiB, a fifth of a second. */
const STRETCHING: KeyStretching = { memoryKiB: 65_536, passes: 3, parallelism: 4 };

/** The client's side between two halves of OPAQUE (RFC 9807). Holds the blinded password's secret. */
export interface PasswordStart {
  /** What the server is sent. */
  readonly request: string;
  readonly state: string;
}

/** An answer of the server's that is no message of OPAQUE. */
export class PasswordAnswerError extends Error {
  constructor(options: ErrorOptions) {
    super("The server's answer is no message of OPAQUE.", options);
    this.name = "PasswordAnswerError";
  }
}

export async function startRegistration(password: string): Promise<PasswordStart> {
  const client = await opaqueClient();
  const { registrationRequest, clientRegistrationState } = client.startRegistration({
    password: composed(password),
  });
  return { request: registrationRequest, state: clientRegistrationState };
}

/**
 * Blocks its thread for as long as `stretching` takes.
 * @returns the record that the server keeps, and the password's own key (SPEC A4)
 * @throws PasswordAnswerError
 */
export async function finishRegistration(
  password: string,
  { state }: PasswordStart,
  response: string,
  stretching = STRETCHING,
): Promise<{ record: string; passwordKeys: IdentityKeys }> {
  const client = await opaqueClient();
  const { registrationRecord, exportKey } = answered(() =>
    client.finishRegistration({
      password: composed(password),
      clientRegistrationState: state,
      registrationResponse: response,
      keyStretching: functionOf(stretching),
    }),
  );
  return { record: registrationRecord, passwordKeys: passwordKeysOf(exportKey) };
}

export async function startLogin(password: string): Promise<PasswordStart> {
  const client = await opaqueClient();
  const { startLoginRequest, clientLoginState } = client.startLogin({
    password: composed(password),
  });
  return { request: startLoginRequest, state: clientLoginState };
}

/**
 * Blocks its thread for as long as `stretching` takes.
 * @returns undefined for a wrong password, an unknown user, and a server that is not the one at which
 * the password was set
 * @throws PasswordAnswerError
 */
export async function finishLogin(
  password: string,
  { state }: PasswordStart,
  response: string,
  stretching = STRETCHING,
): Promise<{ finish: string; passwordKeys: IdentityKeys } | undefined> {
  const client = await opaqueClient();
  const result = answered(() =>
    client.finishLogin({
      password: composed(password),
      clientLoginState: state,
      loginResponse: response,
      keyStretching: functionOf(stretching),
    }),
  );
  if (result === undefined) return undefined;
  return { finish: result.finishLoginRequest, passwordKeys: passwordKeysOf(result.exportKey) };
}

/** WebAssembly of 400 KB, which who comes back by a key never needs. */
async function opaqueClient(): Promise<typeof OpaqueClient> {
  const { client, ready } = await import("@serenity-kit/opaque");
  await ready;
  return client;
}

/** One spelling for what looks the same on two keyboards (RFC 8265 §4.2). */
function composed(password: string): string {
  return password.normalize("NFC");
}

function answered<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // The library throws for an answer that it cannot read, and for nothing else here.
    throw new PasswordAnswerError({ cause });
  }
}

function functionOf({ memoryKiB, passes, parallelism }: KeyStretching): {
  "argon2id-custom": { iterations: number; memory: number; parallelism: number };
} {
  return { "argon2id-custom": { iterations: passes, memory: memoryKiB, parallelism } };
}

/** What only the password gives signs for a new device: Ed25519 with a seed of the export key. */
function passwordKeysOf(exportKey: string): IdentityKeys {
  const bytes = base64urlnopad.decode(exportKey);
  const seed = hkdf(sha512, bytes, undefined, PASSWORD_KEY, KEY_BYTES);
  bytes.fill(0);
  return identityKeysOf(seed);
}

import {
  encodeBase64,
  identityKeysOf,
  KEY_BYTES,
  SIGNATURE_BYTES,
  type IdentityKeys,
} from "../../crypto/index.ts";
import type { Hello } from "../connection/sign-in.ts";
import type { Log, PasswordWork, Random } from "../ports.ts";

/** Bytes that look random and are the same in every run (xorshift32, Marsaglia 2003). */
export function seededRandom(seed = 1): Random {
  let state = seed;
  return {
    bytes(length) {
      return Uint8Array.from({ length }, () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state & 0xff;
      });
    },
  };
}

export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

/** A log that a test can read. */
export class MemoryLog implements Log {
  readonly entries: LogEntry[] = [];

  debug(message: string, fields?: Record<string, unknown>): void {
    this.entries.push({ level: "debug", message, fields });
  }

  info(message: string, fields?: Record<string, unknown>): void {
    this.entries.push({ level: "info", message, fields });
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    this.entries.push({ level: "warn", message, fields });
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.entries.push({ level: "error", message, fields });
  }
}

/** The public key of a connection that a test calls number `n`; nobody has the secret one. */
export function testPublicKey(n: number): string {
  return encodeBase64(new Uint8Array(KEY_BYTES).fill(n));
}

/** What device `n` says to any challenge. */
export function testHello(n = 1): Hello {
  return () => ({
    name: "test",
    publicKey: testPublicKey(n),
    proof: encodeBase64(new Uint8Array(SIGNATURE_BYTES)),
    client: { name: "test", version: "0" },
    local: [],
  });
}

/** The answer of a server to a sign-in whose password is wrong. */
export const WRONG_PASSWORD = "WRONG";

/** Passwords without OPAQUE and its work: the server's answer says whether it is the right one. */
export const fakePasswords: PasswordWork = {
  startRegistration: async () => ({ request: "AAAA", state: "" }),
  finishRegistration: async (password) => ({
    record: "AAAA",
    passwordKeys: passwordKeysOf(password),
  }),
  startLogin: async () => ({ request: "AAAA", state: "" }),
  finishLogin: async (password, _, response) =>
    response === WRONG_PASSWORD
      ? undefined
      : { finish: "AAAA", passwordKeys: passwordKeysOf(password) },
};

function passwordKeysOf(password: string): IdentityKeys {
  let seed = 1;
  for (const character of password) seed = (seed * 31 + character.charCodeAt(0)) | 0;
  return identityKeysOf(seededRandom(seed || 1).bytes(KEY_BYTES));
}

import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import type { DeviceList } from "./device-log.ts";
import { KEY_BYTES } from "./identity.ts";
import { compareBytes } from "./bytes.ts";

const DOMAIN = utf8ToBytes("beeline safety number v1\0");
const CODE_NAME = "beeline-safety";
const CODE_VERSION = "1";

/** What one guess at another account with the same digits costs, in SHA-512. */
const ROUNDS = 5200;

/** Bytes of an account's fingerprint in the code. */
const FINGERPRINT_BYTES = 32;

/** Groups of five digits of one account. */
const GROUPS = 6;

/** An account's fingerprint, with the user id that says which of two comes first. */
export interface AccountFingerprint {
  /** 16 bytes. */
  readonly userId: Uint8Array;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Says in 32 bytes who an account's devices are: SHA-512 over the user id, the device keys in
 * ascending order and the password's key, hashed again and again together with what it was made of.
 * Some ten milliseconds: keep it for as long as the list's head stays.
 */
export function accountFingerprint({
  userId,
  devices,
  passwordKey,
}: Pick<DeviceList, "userId" | "devices" | "passwordKey">): AccountFingerprint {
  const count = Uint8Array.of(devices.length >> 8, devices.length & 0xff);
  const keys = sha512(
    concatBytes(
      DOMAIN,
      userId,
      count,
      ...devices.toSorted(compareBytes),
      passwordKey ?? new Uint8Array(KEY_BYTES),
    ),
  );
  let hash = keys;
  for (let round = 1; round < ROUNDS; round++) hash = sha512(concatBytes(hash, keys));
  return { userId, bytes: hash.subarray(0, FINGERPRINT_BYTES) };
}

/** 60 decimal digits, 30 of each account; the same whichever is named first. */
export function safetyNumber(a: AccountFingerprint, b: AccountFingerprint): string {
  return inOrder(a, b).map(digits).join("");
}

/** What the QR code says: version and both fingerprints, the same whichever is named first. */
export function safetyCode(a: AccountFingerprint, b: AccountFingerprint): string {
  const parts = inOrder(a, b).map(({ bytes }) => base64urlnopad.encode(bytes));
  return [CODE_NAME, CODE_VERSION, ...parts].join(":");
}

/** Is this the code of these two? Takes equally long wherever it differs. */
export function isSafetyCode(code: string, a: AccountFingerprint, b: AccountFingerprint): boolean {
  const expected = utf8ToBytes(safetyCode(a, b));
  const given = utf8ToBytes(code);
  let difference = expected.length ^ given.length;
  for (const [at, byte] of expected.entries()) difference |= byte ^ (given[at] ?? 0);
  return difference === 0;
}

function inOrder(
  a: AccountFingerprint,
  b: AccountFingerprint,
): readonly [AccountFingerprint, AccountFingerprint] {
  return compareBytes(a.userId, b.userId) <= 0 ? [a, b] : [b, a];
}

/** Five digits of five bytes each: 2^40 is so large that all digits are as good as equally likely. */
function digits({ bytes }: AccountFingerprint): string {
  let text = "";
  for (let group = 0; group < GROUPS; group++) {
    let value = 0;
    for (const byte of bytes.subarray(group * 5, group * 5 + 5)) value = value * 256 + byte;
    text += String(value % 100_000).padStart(5, "0");
  }
  return text;
}

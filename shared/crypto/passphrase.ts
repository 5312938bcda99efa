import { argon2idAsync } from "@noble/hashes/argon2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { sameBytes } from "./bytes.ts";
import { KEY_BYTES } from "./identity.ts";

/**
 * What a passphrase opens, by Argon2id (RFC 9106):
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 8 | `BEELINE` and the version, 1 |
 * | 8 | 4 | memory, KiB |
 * | 12 | 4 | passes |
 * | 16 | 4 | lanes |
 * | 20 | 16 | salt, random |
 * | 36 | 16 | check: tells a wrong passphrase from damage |
 */
export const LOCK_BYTES = 52;

export const LOCK_SALT_BYTES = 16;

/** RFC 9106 §4, second recommendation but for the lanes, which nothing computes side by side here. */
const COST = { memory: 64 * 1024, passes: 3, lanes: 1 } as const;

/**
 * What a stranger's file may ask for: no more memory than a small machine has to spare, and five times
 * the work of what is written here (`work`: KiB times passes), for nobody can end it before.
 */
const MAX_COST = { memory: 256 * 1024, passes: 16, lanes: 8, work: 1024 * 1024 } as const;

const MAGIC = concatBytes(utf8ToBytes("BEELINE"), Uint8Array.of(1));
const CHECK_BYTES = 16;

/** Longest time at a stretch, so that a window stays alive, ms. */
const TICK_MS = 12;

export interface PassphraseLock {
  /** Stands before what is sealed with `key`. */
  readonly header: Uint8Array;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/**
 * A key for something new. Takes a second.
 * @param salt 16 fresh random bytes
 */
export async function lockWithPassphrase(
  passphrase: string,
  salt: Uint8Array,
): Promise<PassphraseLock> {
  if (salt.length !== LOCK_SALT_BYTES) throw new RangeError("a salt has 16 bytes");
  const header = new Uint8Array(LOCK_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(8, COST.memory);
  view.setUint32(12, COST.passes);
  view.setUint32(16, COST.lanes);
  header.set(salt, 20);
  const { check, key } = await derive(passphrase, salt, COST);
  header.set(check, 36);
  return { header, key };
}

/**
 * The key of something that was locked so.
 * @returns `not-locked` for bytes that are no such header or ask for too much
 */
export async function unlockWithPassphrase(
  passphrase: string,
  header: Uint8Array,
): Promise<Uint8Array | "not-locked" | "wrong-passphrase"> {
  if (!isPassphraseLock(header)) return "not-locked";
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const cost = { memory: view.getUint32(8), passes: view.getUint32(12), lanes: view.getUint32(16) };
  const isSane =
    cost.lanes >= 1 &&
    cost.lanes <= MAX_COST.lanes &&
    cost.passes >= 1 &&
    cost.passes <= MAX_COST.passes &&
    cost.memory >= 8 * cost.lanes &&
    cost.memory <= MAX_COST.memory &&
    cost.memory * cost.passes <= MAX_COST.work;
  if (!isSane) return "not-locked";
  const { check, key } = await derive(passphrase, header.slice(20, 36), cost);
  return sameBytes(check, header.subarray(36)) ? key : "wrong-passphrase";
}

export function isPassphraseLock(header: Uint8Array): boolean {
  return header.length === LOCK_BYTES && sameBytes(header.subarray(0, MAGIC.length), MAGIC);
}

async function derive(
  passphrase: string,
  salt: Uint8Array,
  cost: { readonly memory: number; readonly passes: number; readonly lanes: number },
): Promise<{ check: Uint8Array; key: Uint8Array }> {
  // As people type it on any keyboard (RFC 8265 §4.2).
  const secret = utf8ToBytes(passphrase.normalize("NFKC").trim());
  const all = await argon2idAsync(secret, salt, {
    m: cost.memory,
    t: cost.passes,
    p: cost.lanes,
    dkLen: KEY_BYTES + CHECK_BYTES,
    asyncTick: TICK_MS,
  });
  return { key: all.slice(0, KEY_BYTES), check: all.slice(KEY_BYTES) };
}

const alphabet = "ABCDEFGHJKMNPQRSTVWXYZ23456789";
const GROUPS = 6;
const GROUP_LENGTH = 5;

/**
 * A passphrase that nobody can guess, in 6 groups of 5 characters that are not taken for each other:
 * 147 bits.
 * @param random cryptographically secure bytes
 */
export function recoveryKey(random: (bytes: number) => Uint8Array): string {
  let text = "";
  while (text.length < GROUPS * GROUP_LENGTH) {
    // Values beyond the last whole alphabet would make some characters more likely.
    for (const byte of random(GROUPS * GROUP_LENGTH)) {
      if (byte < 8 * alphabet.length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    text.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH),
  );
  return groups.join("-");
}

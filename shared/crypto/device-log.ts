import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import {
  deviceIdBytes,
  KEY_BYTES,
  sign,
  SIGNATURE_BYTES,
  verify,
  type IdentityKeys,
} from "./identity.ts";
import { sameBytes } from "./bytes.ts";

/**
 * An account's devices: an append-only log of signed statements, each bound to the one before by its
 * hash. A device that is in the list, or the key that only the password gives, vouches for the next.
 * What names a password's key is endorsed by that key, too: whoever knows the password knows by it
 * that all the list up to there is the account's own, and not the server's making. The server keeps
 * the log and can neither add to it nor change it; it can hide its end.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | version, 1 |
 * | 1 | 1 | type: 1 genesis, 2 add, 3 remove, 4 password, 5 reset |
 * | 2 | 16 | user |
 * | 18 | 4 | index, from 0 |
 * | 22 | 32 | SHA-256 of the statement before, all of it; zeros at index 0 |
 * | 54 | 8 | time, ms since the epoch, by the signer's clock |
 * | 62 | 32 | subject: a device's public key, or the password's for `password` |
 * | 94 | 32 | password key for genesis and reset; zeros else |
 * | 126 | 32 | signer's public key |
 * | 158 | 64 | the signer's Ed25519 signature over all that is before, with a domain |
 * | 222 | 64 | the same bytes, with another domain, signed by the password key that is valid from then on, for genesis, reset and password; zeros else |
 */
export type DeviceStatementType = "genesis" | "add" | "remove" | "password" | "reset";

export interface DeviceStatement {
  readonly type: DeviceStatementType;
  /** 16 bytes. */
  readonly userId: Uint8Array;
  readonly index: number;
  /** 32 bytes. */
  readonly previous: Uint8Array;
  readonly at: number;
  /** 32 bytes: what is added, removed, or from now on the password's key. */
  readonly subject: Uint8Array;
  /** 32 bytes; zeros unless genesis or reset. */
  readonly passwordKey: Uint8Array;
  /** 32 bytes. */
  readonly signer: Uint8Array;
}

export const DEVICE_STATEMENT_BYTES = 286;
const ENDORSED_AT = DEVICE_STATEMENT_BYTES - SIGNATURE_BYTES;
const SIGNED_BYTES = ENDORSED_AT - SIGNATURE_BYTES;
const DOMAIN = utf8ToBytes("beeline device list v1\0");
const ENDORSEMENT = utf8ToBytes("beeline device list endorsed v1\0");
const TYPES: readonly DeviceStatementType[] = ["genesis", "add", "remove", "password", "reset"];

/** Statements of one account: a new device takes one, its removal another. */
export const MAX_DEVICE_STATEMENTS = 4096;

/** The list that a log, read to its end, says. */
export interface DeviceList {
  /** 16 bytes. */
  readonly userId: Uint8Array;
  /** Statements read. */
  readonly length: number;
  /** SHA-256 of the last statement; zeros before the first. */
  readonly head: Uint8Array;
  /** Public keys of the devices, in the order in which they were added. */
  readonly devices: readonly Uint8Array[];
  readonly passwordKey: Uint8Array | undefined;
  /** How often the list began anew without anybody in it vouching for that. */
  readonly resets: number;
}

export function emptyDeviceList(userId: Uint8Array): DeviceList {
  return {
    userId,
    length: 0,
    head: new Uint8Array(32),
    devices: [],
    passwordKey: undefined,
    resets: 0,
  };
}

/** What a statement says; whatever names a password's key needs both its halves, to endorse. */
export type DeviceChange =
  | {
      readonly type: "genesis" | "reset";
      readonly subject: Uint8Array;
      readonly passwordKeys: IdentityKeys;
    }
  | { readonly type: "password"; readonly passwordKeys: IdentityKeys }
  | { readonly type: "add" | "remove"; readonly subject: Uint8Array };

/** What the next statement of that list says, signed. @throws RangeError for wrong lengths */
export function deviceStatement(
  list: DeviceList,
  signer: IdentityKeys,
  change: DeviceChange,
  at: number,
): Uint8Array {
  const statement = encode({
    type: change.type,
    userId: list.userId,
    index: list.length,
    previous: list.head,
    at,
    subject: "subject" in change ? change.subject : change.passwordKeys.publicKey,
    passwordKey:
      "subject" in change && "passwordKeys" in change
        ? change.passwordKeys.publicKey
        : new Uint8Array(KEY_BYTES),
    signer: signer.publicKey,
  });
  const endorsement =
    "passwordKeys" in change
      ? sign(change.passwordKeys, concatBytes(ENDORSEMENT, statement))
      : new Uint8Array(SIGNATURE_BYTES);
  return concatBytes(statement, sign(signer, concatBytes(DOMAIN, statement)), endorsement);
}

/**
 * Reads one more statement. @returns the list after it, or undefined where it does not belong there:
 * malformed, out of turn, signed by nobody who may, or not endorsed
 */
export function extendDeviceList(list: DeviceList, bytes: Uint8Array): DeviceList | undefined {
  const statement = decodeDeviceStatement(bytes);
  if (statement === undefined) return undefined;
  const { type, subject, passwordKey, signer } = statement;
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (
    statement.index !== list.length ||
    list.length >= MAX_DEVICE_STATEMENTS ||
    !sameBytes(statement.userId, list.userId) ||
    !sameBytes(statement.previous, list.head) ||
    !verify(signer, concatBytes(DOMAIN, signed), bytes.subarray(SIGNED_BYTES, ENDORSED_AT)) ||
    !isEndorsed(statement, signed, bytes.subarray(ENDORSED_AT))
  ) {
    return undefined;
  }
  if (type !== "genesis" && type !== "reset" && !isZero(passwordKey)) return undefined;
  const next = { ...list, length: list.length + 1, head: statementHash(bytes) };
  const isIn = list.devices.some((device) => sameBytes(device, subject));
  const vouched =
    list.devices.some((device) => sameBytes(device, signer)) ||
    (list.passwordKey !== undefined && sameBytes(list.passwordKey, signer));
  switch (type) {
    case "genesis":
    case "reset": {
      if ((type === "genesis") !== (list.length === 0) || !sameBytes(signer, subject))
        return undefined;
      const resets = type === "reset" ? list.resets + 1 : list.resets;
      return { ...next, devices: [subject], passwordKey, resets };
    }
    case "add":
      return vouched && !isIn ? { ...next, devices: [...list.devices, subject] } : undefined;
    case "remove":
      return vouched && isIn
        ? { ...next, devices: list.devices.filter((device) => !sameBytes(device, subject)) }
        : undefined;
    case "password":
      return vouched ? { ...next, passwordKey: subject } : undefined;
  }
}

/** What the next statement is bound to. @returns 32 bytes */
export function statementHash(statement: Uint8Array): Uint8Array {
  return sha256(statement);
}

/** By the password's key that is valid from then on; where that stays the same, by none. */
function isEndorsed(
  { type, subject, passwordKey }: DeviceStatement,
  signed: Uint8Array,
  endorsement: Uint8Array,
): boolean {
  if (type === "add" || type === "remove") return isZero(endorsement);
  const key = type === "password" ? subject : passwordKey;
  return verify(key, concatBytes(ENDORSEMENT, signed), endorsement);
}

/** @returns undefined for bytes that are no statement; the signatures are not checked */
export function decodeDeviceStatement(bytes: Uint8Array): DeviceStatement | undefined {
  if (bytes.length !== DEVICE_STATEMENT_BYTES || bytes[0] !== 1) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[view.getUint8(1) - 1];
  const at = Number(view.getBigUint64(54));
  if (type === undefined || !Number.isSafeInteger(at)) return undefined;
  return {
    type,
    userId: bytes.slice(2, 18),
    index: view.getUint32(18),
    previous: bytes.slice(22, 54),
    at,
    subject: bytes.slice(62, 94),
    passwordKey: bytes.slice(94, 126),
    signer: bytes.slice(126, 158),
  };
}

/** The 16 bytes of the id of the device that a statement's subject is. */
export function subjectDeviceId({ subject }: DeviceStatement): Uint8Array {
  return deviceIdBytes(subject);
}

function encode(statement: DeviceStatement): Uint8Array {
  const bytes = new Uint8Array(SIGNED_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, TYPES.indexOf(statement.type) + 1);
  bytes.set(exactly(statement.userId, 16), 2);
  view.setUint32(18, statement.index);
  bytes.set(exactly(statement.previous, 32), 22);
  view.setBigUint64(54, BigInt(statement.at));
  bytes.set(exactly(statement.subject, KEY_BYTES), 62);
  bytes.set(exactly(statement.passwordKey, KEY_BYTES), 94);
  bytes.set(exactly(statement.signer, KEY_BYTES), 126);
  return bytes;
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${length} bytes are needed`);
  return bytes;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

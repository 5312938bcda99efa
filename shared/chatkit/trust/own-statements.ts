import {
  sameBytes,
  deviceStatement,
  extendDeviceList,
  type DeviceList,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { lists } from "./log-reading.ts";

/** What the statements are about: the list as it is, this device, and the time by its clock. */
export interface OwnState {
  readonly list: DeviceList;
  readonly identity: IdentityKeys;
  readonly now: number;
}

/**
 * What puts this device into its account's list: added by the password where the list knows it; else
 * the list begins, or begins anew, with this device (SPEC I4 to I6). What a password is unknown to
 * may be all the server's making: nothing of it is taken over, also by a device that stands in it.
 */
export function entering(
  { list, identity, now }: OwnState,
  passwordKeys: IdentityKeys,
): Uint8Array {
  const subject = identity.publicKey;
  if (knowsPassword(list, passwordKeys.publicKey)) {
    return deviceStatement(list, passwordKeys, { type: "add", subject }, now);
  }
  const type = list.length === 0 ? "genesis" : "reset";
  return deviceStatement(list, identity, { type, subject, passwordKeys }, now);
}

/**
 * What makes the next password vouch for the account's devices, said by a device that is listed. The
 * next password's key endorses all the list: without the present one's the list begins anew.
 * @param present the present password's public key
 */
export function replacingPassword(
  { list, identity, now }: OwnState,
  present: Uint8Array,
  next: IdentityKeys,
): Uint8Array {
  const change = knowsPassword(list, present)
    ? ({ type: "password", passwordKeys: next } as const)
    : ({ type: "reset", subject: identity.publicKey, passwordKeys: next } as const);
  return deviceStatement(list, identity, change, now);
}

/** What takes devices out, each statement after the one before; none where this one is not in. */
export function removing(
  { list, identity, now }: OwnState,
  gone: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (!lists(list, identity.publicKey)) return [];
  const statements: Uint8Array[] = [];
  let next: DeviceList | undefined = list;
  for (const subject of gone) {
    const statement = deviceStatement(next, identity, { type: "remove", subject }, now);
    next = extendDeviceList(next, statement);
    // A list that is full, for one.
    if (next === undefined) break;
    statements.push(statement);
  }
  return statements;
}

/** Has that password's key endorsed the list? */
export function knowsPassword({ passwordKey }: DeviceList, publicKey: Uint8Array): boolean {
  return passwordKey !== undefined && sameBytes(passwordKey, publicKey);
}

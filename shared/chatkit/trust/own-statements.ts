import {
  deviceStatement,
  extendDeviceList,
  type DeviceList,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { lists, sameBytes } from "./log-reading.ts";

/** What the statements are about: the list as it is, this device, and the time by its clock. */
export interface OwnState {
  readonly list: DeviceList;
  readonly identity: IdentityKeys;
  readonly now: number;
}

/** What a device that is in the list may say. */
export interface ListedChange {
  readonly type: "remove" | "password";
  readonly subject: Uint8Array;
}

/**
 * What puts this device into its account's list: added by the password where the list knows it; else
 * the list begins, or begins anew, with this device (SPEC I4 to I6).
 */
export function entering(state: OwnState, passwordKey: IdentityKeys): Uint8Array {
  const { list, identity, now } = state;
  const subject = identity.publicKey;
  if (knowsPassword(list, passwordKey)) {
    return deviceStatement(list, passwordKey, { type: "add", subject }, now);
  }
  const type = list.length === 0 ? "genesis" : "reset";
  const change = { type, subject, passwordKey: passwordKey.publicKey } as const;
  return deviceStatement(list, identity, change, now);
}

/**
 * What a listed device puts right: devices that are gone, and a password that the list does not know.
 * @param passwordKey of the password just given; undefined for a device that came back
 */
export function tidying(
  state: OwnState,
  gone: readonly Uint8Array[],
  passwordKey: IdentityKeys | undefined,
): readonly Uint8Array[] {
  const changes: ListedChange[] = gone.map((subject) => ({ type: "remove", subject }));
  // An administrator gave out another password, and this device was let in with it.
  if (passwordKey !== undefined && !knowsPassword(state.list, passwordKey)) {
    changes.push({ type: "password", subject: passwordKey.publicKey });
  }
  return saying(state, changes);
}

/** Statements of a listed device, each after the one before; none where it is not in the list. */
export function saying(
  { list, identity, now }: OwnState,
  changes: readonly ListedChange[],
): readonly Uint8Array[] {
  if (!lists(list, identity.publicKey)) return [];
  const statements: Uint8Array[] = [];
  let next: DeviceList | undefined = list;
  for (const change of changes) {
    const statement = deviceStatement(next, identity, change, now);
    next = extendDeviceList(next, statement);
    // A list that is full, for one.
    if (next === undefined) break;
    statements.push(statement);
  }
  return statements;
}

function knowsPassword({ passwordKey }: DeviceList, { publicKey }: IdentityKeys): boolean {
  return passwordKey !== undefined && sameBytes(passwordKey, publicKey);
}

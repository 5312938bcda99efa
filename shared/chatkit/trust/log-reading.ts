import {
  sameBytes,
  decodeBase64,
  decodeDeviceStatement,
  extendDeviceList,
  statementHash,
  type DeviceList,
} from "../../crypto/index.ts";

/** What came of reading a part of a device log. */
export type LogReading =
  | {
      readonly kind: "read";
      readonly list: DeviceList;
      /** The statements read, as they are signed. */
      readonly statements: readonly Uint8Array[];
      /** Keys that were in the list at some time, also those that have left it since. */
      readonly keys: readonly Uint8Array[];
    }
  /** A statement that does not belong there: of another log, or signed by nobody who may. */
  | { readonly kind: "broken" };

/**
 * The same of a log as the server tells it, begun with the last statement that is known here, which
 * tells whether it is the same log.
 */
export type LogContinuation =
  | LogReading
  /** Less than is known here. */
  | { readonly kind: "shorter" }
  /** It has another statement in the place of the last one known. */
  | { readonly kind: "forked" };

/** Continues a list. @param length of the log, as the server says; @param log base64 */
export function continueLog(
  list: DeviceList,
  log: readonly string[],
  length: number,
): LogContinuation {
  if (list.length === 0) return readLog(list, log);
  if (length < list.length) return { kind: "shorter" };
  const [known, ...news] = log;
  if (known === undefined) return { kind: "read", list, statements: [], keys: [] };
  const bytes = bytesOf(known);
  const isSame = bytes !== undefined && sameBytes(statementHash(bytes), list.head);
  return isSame ? readLog(list, news) : { kind: "forked" };
}

/**
 * Continues a list by what a server says comes next. All of it must fit; a part of a log that is
 * broken is not believed either.
 * @param log base64
 */
export function readLog(list: DeviceList, log: readonly string[]): LogReading {
  const statements: Uint8Array[] = [];
  const keys: Uint8Array[] = [];
  let next = list;
  for (const text of log) {
    const bytes = bytesOf(text);
    const extended = bytes && extendDeviceList(next, bytes);
    if (bytes === undefined || extended === undefined) return { kind: "broken" };
    const statement = decodeDeviceStatement(bytes);
    if (statement?.type === "add" || statement?.type === "genesis" || statement?.type === "reset") {
      keys.push(statement.subject);
    }
    statements.push(bytes);
    next = extended;
  }
  return { kind: "read", list: next, statements, keys };
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text);
  } catch {
    // Base64 whose last bits are not zero: the wire's schema lets it pass, and nobody signs such.
    return undefined;
  }
}

/** Is that key in the list? */
export function lists(list: DeviceList, publicKey: Uint8Array): boolean {
  return list.devices.some((device) => sameBytes(device, publicKey));
}

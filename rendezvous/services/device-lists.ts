import { setImmediate as nextTurn } from "node:timers/promises";
import {
  emptyDeviceList,
  extendDeviceList,
  KEY_BYTES,
  type DeviceList,
} from "../../shared/crypto/index.ts";
import { decodeId, ID_BYTES, ProtocolError, type UserId } from "../../shared/protocol/index.ts";
import type { DeviceLogExtension, DeviceLogStore } from "../store/store.ts";
import { bytesOf } from "./base64.ts";

/** Statements checked in one turn of the event loop: a signature takes a millisecond. */
const CHECKED_AT_ONCE = 8;

/**
 * Checks statements against the device lists that the store keeps, as every client will. The list
 * that they make is kept beside them, so that a log is never read from its start again.
 */
export class DeviceLists {
  readonly #logs: DeviceLogStore;

  constructor(logs: DeviceLogStore) {
    this.#logs = logs;
  }

  /**
   * What `DeviceLogStore.append`, or whatever writes it together with something else, is to write.
   * @param statements base64, of the wire's `DeviceStatementBytes`
   * @throws ProtocolError device-list-conflict
   */
  async extend(userId: UserId, statements: readonly string[]): Promise<DeviceLogExtension> {
    const before = await this.read(userId);
    let list = before;
    const read: Uint8Array[] = [];
    for (const [index, statement] of statements.entries()) {
      if (index > 0 && index % CHECKED_AT_ONCE === 0) await nextTurn();
      const bytes = bytesOf(statement);
      const next = extendDeviceList(list, bytes);
      if (next === undefined) {
        throw new ProtocolError(
          "device-list-conflict",
          "The statement does not continue the device list.",
        );
      }
      list = next;
      read.push(bytes);
    }
    return { after: before.length, statements: read, list: encodeList(list) };
  }

  /** Empty where the account has none yet, or is none. */
  async read(userId: UserId): Promise<DeviceList> {
    const userBytes = new Uint8Array(ID_BYTES);
    decodeId(userId, userBytes);
    const head = await this.#logs.head(userId);
    return head === undefined
      ? emptyDeviceList(userBytes)
      : decodeList(userBytes, head.length, head.list);
  }
}

// 4 bytes of resets, 32 of the head, 32 of the password key, then 32 of each device. Every list
// that is kept began with a genesis or a reset, and so has a password key.
const PASSWORD_KEY_AT = 4 + 32;
const DEVICES_AT = PASSWORD_KEY_AT + KEY_BYTES;

function encodeList({ resets, head, passwordKey, devices }: DeviceList): Uint8Array {
  const bytes = new Uint8Array(DEVICES_AT + devices.length * KEY_BYTES);
  new DataView(bytes.buffer).setUint32(0, resets);
  bytes.set(head, 4);
  if (passwordKey !== undefined) bytes.set(passwordKey, PASSWORD_KEY_AT);
  for (const [index, device] of devices.entries()) {
    bytes.set(device, DEVICES_AT + index * KEY_BYTES);
  }
  return bytes;
}

function decodeList(userId: Uint8Array, length: number, bytes: Uint8Array): DeviceList {
  const devices: Uint8Array[] = [];
  for (let at = DEVICES_AT; at < bytes.length; at += KEY_BYTES) {
    devices.push(bytes.subarray(at, at + KEY_BYTES));
  }
  return {
    userId,
    length,
    head: bytes.subarray(4, PASSWORD_KEY_AT),
    devices,
    passwordKey: bytes.subarray(PASSWORD_KEY_AT, DEVICES_AT),
    resets: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
  };
}

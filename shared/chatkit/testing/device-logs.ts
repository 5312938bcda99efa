import { ProtocolError, type Params, type Result, type UserId } from "../../protocol/index.ts";
import {
  decodeBase64,
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  extendDeviceList,
  identityKeysOf,
  type DeviceList,
  type IdentityKeys,
} from "../../crypto/index.ts";
import type { LinkPeer } from "../link.ts";
import { deviceIdOfKey, idBytes } from "../trust/device-id.ts";
import { seededRandom } from "./test-ports.ts";
import { userIdOf } from "./test-ids.ts";

/** The device lists that an honest server keeps. */
export class DeviceLogs {
  readonly #logs = new Map<UserId, string[]>();
  readonly #lists = new Map<UserId, DeviceList>();
  /** Statements of one account in one answer. */
  page = 256;

  list(userId: UserId): DeviceList {
    return this.#lists.get(userId) ?? emptyDeviceList(idBytes(userId));
  }

  statements(userId: UserId): readonly string[] {
    return this.#logs.get(userId) ?? [];
  }

  /** As `devices.append`. @throws ProtocolError device-list-conflict */
  append(userId: UserId, statements: readonly string[]): void {
    let list = this.list(userId);
    for (const statement of statements) {
      const next = extendDeviceList(list, decodeBase64(statement));
      if (next === undefined) throw new ProtocolError("device-list-conflict", "It does not fit.");
      list = next;
    }
    this.#logs.set(userId, [...this.statements(userId), ...statements]);
    this.#lists.set(userId, list);
  }

  /** As `devices.log`, to somebody who may ask about everybody. */
  log({ of }: Params<"devices.log">): Result<"devices.log"> {
    const logs = of.map(({ userId, after }) => {
      const all = this.statements(userId);
      return { userId, statements: all.slice(after, after + this.page), length: all.length };
    });
    return { logs };
  }

  /** A database restored from a backup of when the log had that length. */
  rollBack(userId: UserId, length: number): void {
    const statements = this.statements(userId).slice(0, length);
    this.#logs.delete(userId);
    this.#lists.delete(userId);
    this.append(userId, statements);
  }
}

type Change = "genesis" | "add" | "remove" | "reset" | "password";

/** A person whose devices are listed by their own hand. Devices are numbered from 1. */
export class ListedAccount {
  readonly userId: UserId;
  readonly passwordKey: IdentityKeys;
  readonly #logs: DeviceLogs;
  readonly #number: number;

  /** With device 1 in the list. */
  constructor(number: number, logs: DeviceLogs) {
    this.#number = number;
    this.#logs = logs;
    this.userId = userIdOf(number);
    this.passwordKey = identityKeysOf(seededRandom(number * 1000).bytes(32));
    this.change("genesis", 1, 1);
  }

  device(n: number): IdentityKeys {
    return testIdentity(this.#number, n);
  }

  peer(n: number): LinkPeer {
    return { userId: this.userId, deviceId: deviceIdOfKey(this.device(n).publicKey) };
  }

  /** Puts a statement about device `subject` into the server's log. @param signer device, password or keys */
  change(type: Change, subject: number, signer: number | "password" | IdentityKeys): void {
    this.#logs.append(this.userId, [this.statement(type, subject, signer)]);
  }

  /** The same, unsaid. @param list what it continues; the server's log unless given */
  statement(
    type: Change,
    subject: number,
    signer: number | "password" | IdentityKeys,
    list = this.#logs.list(this.userId),
  ): string {
    const known = signer === "password" ? this.passwordKey : signer;
    const keys = typeof known === "number" ? this.device(known) : known;
    const { publicKey } = this.device(subject);
    const change =
      type === "genesis" || type === "reset"
        ? { type, subject: publicKey, passwordKeys: this.passwordKey }
        : type === "password"
          ? { type, passwordKeys: this.device(subject) }
          : { type, subject: publicKey };
    return encodeBase64(deviceStatement(list, keys, change, 1_767_225_600_000));
  }
}

/** Keys of somebody's device, the same in every run. */
export function testIdentity(user: number, device: number): IdentityKeys {
  return identityKeysOf(seededRandom(user * 1000 + device).bytes(32));
}

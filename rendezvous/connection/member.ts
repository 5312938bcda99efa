import {
  closeCodes,
  type ClientInfo,
  type CloseCode,
  type DeviceId,
  type Endpoint,
  type TransportAddress,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { BusDevice } from "../bus/bus.ts";
import type { Connection } from "./connection.ts";

/** Events that may come between joining the bus and the answer to the sign-in. */
const MAX_HELD_EVENTS = 4096;
/** Devices that a person who appears offline has written to themselves and may hear from. */
const MAX_CONTACTED = 256;

/** A connection that is signed in: a device of an account. */
export class Member implements BusDevice {
  readonly connection: Connection;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  endpoint: Endpoint;
  #held: Buffer[] | undefined = [];
  #contacted: Set<DeviceId> | undefined;

  constructor(options: {
    connection: Connection;
    userId: UserId;
    deviceId: DeviceId;
    client: ClientInfo;
    local: TransportAddress[];
  }) {
    const { connection, deviceId, client, local } = options;
    this.connection = connection;
    this.userId = options.userId;
    this.deviceId = deviceId;
    this.endpoint = { deviceId, observed: connection.address, local, client };
  }

  /** False until the sign-in was answered: events wait for it, requests are refused. */
  get ready(): boolean {
    return this.#held === undefined;
  }

  release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const frame of held ?? []) this.connection.sendText(frame);
  }

  deliver(frame: Buffer): void {
    if (this.#held === undefined) this.connection.sendText(frame);
    else if (this.#held.push(frame) > MAX_HELD_EVENTS) this.end(closeCodes.unresponsive);
  }

  end(code: CloseCode): void {
    this.connection.end(code);
  }

  /** Remembers to whom this device showed itself although its owner appears offline. */
  contact(deviceId: DeviceId): void {
    this.#contacted ??= new Set();
    if (this.#contacted.size < MAX_CONTACTED) this.#contacted.add(deviceId);
  }

  hasContacted(deviceId: DeviceId): boolean {
    return this.#contacted?.has(deviceId) ?? false;
  }
}

import {
  closeCodes,
  type ConversationId,
  type DeviceId,
  type UserId,
} from "../../shared/protocol/index.ts";
import type {
  Bus,
  BusDevice,
  HidingChange,
  OnlineUser,
  PresenceChoice,
  RelationChange,
} from "./bus.ts";

/** The bus of a server that is one process. */
export function createInProcessBus(): Bus {
  return new InProcessBus();
}

class InProcessBus implements Bus {
  readonly #users = new Map<UserId, OnlineUser>();
  readonly #devices = new Map<DeviceId, BusDevice>();
  readonly #handlers: ((change: RelationChange) => void)[] = [];
  readonly #hidingHandlers: ((change: HidingChange) => void)[] = [];
  readonly #membershipHandlers: ((conversationId: ConversationId) => void)[] = [];

  get devicesOnline(): number {
    return this.#devices.size;
  }

  join(device: BusDevice, { show, statusText }: PresenceChoice): void {
    const older = this.#devices.get(device.deviceId);
    this.#devices.set(device.deviceId, device);
    const others = this.#users.get(device.userId)?.devices.filter((other) => other !== older) ?? [];
    this.#users.set(device.userId, { show, statusText, devices: [...others, device] });
    older?.end(closeCodes.replaced);
  }

  leave(device: BusDevice): "replaced" | "others-online" | "last" {
    if (this.#devices.get(device.deviceId) !== device) return "replaced";
    this.#devices.delete(device.deviceId);
    const user = this.#users.get(device.userId);
    const devices = user?.devices.filter((other) => other !== device) ?? [];
    if (user === undefined || devices.length === 0) {
      this.#users.delete(device.userId);
      return "last";
    }
    this.#users.set(device.userId, { ...user, devices });
    return "others-online";
  }

  setChoice(userId: UserId, { show, statusText }: PresenceChoice): void {
    const user = this.#users.get(userId);
    if (user !== undefined) {
      this.#users.set(userId, { show, statusText, devices: user.devices });
    }
  }

  user(userId: UserId): OnlineUser | undefined {
    return this.#users.get(userId);
  }

  device(deviceId: DeviceId): BusDevice | undefined {
    return this.#devices.get(deviceId);
  }

  toUsers(userIds: Iterable<UserId>, frame: Buffer, except?: DeviceId): void {
    for (const userId of userIds) {
      const user = this.#users.get(userId);
      if (user === undefined) continue;
      for (const device of user.devices) {
        if (device.deviceId !== except) device.deliver(frame);
      }
    }
  }

  toDevice(deviceId: DeviceId, frame: Buffer): boolean {
    const device = this.#devices.get(deviceId);
    device?.deliver(frame);
    return device !== undefined;
  }

  endDevice(deviceId: DeviceId, code: Parameters<BusDevice["end"]>[0]): void {
    this.#devices.get(deviceId)?.end(code);
  }

  endUser(userId: UserId, code: Parameters<BusDevice["end"]>[0], except?: DeviceId): void {
    for (const device of this.#users.get(userId)?.devices ?? []) {
      if (device.deviceId !== except) device.end(code);
    }
  }

  publishRelation(change: RelationChange): void {
    for (const handler of this.#handlers) handler(change);
  }

  onRelation(handler: (change: RelationChange) => void): void {
    this.#handlers.push(handler);
  }

  publishHiding(change: HidingChange): void {
    for (const handler of this.#hidingHandlers) handler(change);
  }

  onHiding(handler: (change: HidingChange) => void): void {
    this.#hidingHandlers.push(handler);
  }

  publishMembership(conversationId: ConversationId): void {
    for (const handler of this.#membershipHandlers) handler(conversationId);
  }

  onMembership(handler: (conversationId: ConversationId) => void): void {
    this.#membershipHandlers.push(handler);
  }

  [Symbol.dispose](): void {
    this.#users.clear();
    this.#devices.clear();
    this.#handlers.length = 0;
    this.#hidingHandlers.length = 0;
    this.#membershipHandlers.length = 0;
  }
}

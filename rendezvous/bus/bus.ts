import type {
  CloseCode,
  ConversationId,
  DeviceId,
  Endpoint,
  Show,
  UserId,
} from "../../shared/protocol/index.ts";

/**
 * Who is online where, and the way to every online device. The services know no other way to reach
 * somebody else's connection, with one exception: a relay channel joins two connections of the same
 * server process, for its frames must not take a detour.
 *
 * Embedded: in this process. A fleet puts a message broker behind it; its directory is then a
 * replica kept on every node, hence the reads are not asynchronous and may lag by a moment.
 */
export interface Bus extends Disposable {
  /**
   * A device is connected from now on. An older connection of the same device is ended with
   * `replaced`, wherever it is.
   */
  join(device: BusDevice, choice: PresenceChoice): void;
  /** "replaced": the device is online by a newer connection, and nothing changed. */
  leave(device: BusDevice): "replaced" | "others-online" | "last";

  setChoice(userId: UserId, choice: PresenceChoice): void;
  /** Undefined where none of the user's devices is connected. */
  user(userId: UserId): OnlineUser | undefined;
  device(deviceId: DeviceId): BusDevice | undefined;
  readonly devicesOnline: number;

  /** Sends an event frame (UTF-8 of `eventFrame`) to every online device of the users. */
  toUsers(userIds: Iterable<UserId>, frame: Buffer, except?: DeviceId): void;
  /** False where the device is offline. */
  toDevice(deviceId: DeviceId, frame: Buffer): boolean;

  endDevice(deviceId: DeviceId, code: CloseCode): void;
  endUser(userId: UserId, code: CloseCode, except?: DeviceId): void;

  /** Tells every node that two people became buddies, or are buddies no longer. */
  publishRelation(change: RelationChange): void;
  onRelation(handler: (change: RelationChange) => void): void;
  /** Tells every node that somebody's addresses are kept from somebody, or are no longer. */
  publishHiding(change: HidingChange): void;
  onHiding(handler: (change: HidingChange) => void): void;
  /** Tells every node that somebody came into a group or left it, or that it is another otherwise. */
  publishMembership(conversationId: ConversationId): void;
  onMembership(handler: (conversationId: ConversationId) => void): void;
}

/** A connection, as far as the bus has to do with it. */
export interface BusDevice {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly endpoint: Endpoint;
  deliver(frame: Buffer): void;
  /** Has this device reached out to that one, although its owner appears offline? */
  hasContacted(deviceId: DeviceId): boolean;
  end(code: CloseCode): void;
}

export interface PresenceChoice {
  readonly show: Show;
  readonly statusText: string;
}

export interface OnlineUser extends PresenceChoice {
  readonly devices: readonly BusDevice[];
}

export interface HidingChange {
  readonly owner: UserId;
  readonly peer: UserId;
  readonly hidden: boolean;
}

export interface RelationChange {
  readonly a: UserId;
  readonly b: UserId;
  readonly buddies: boolean;
}

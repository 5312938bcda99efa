import type { DeviceId, UserId } from "../../protocol/index.ts";
import type { LinkPeer } from "../link.ts";

/** Who the devices are: what delivery needs to know of the roster. */
export interface Directory {
  /** This account and this device. */
  readonly self: LinkPeer;
  /**
   * A device of a buddy or of one's own, also one that has left lately: its mail may still be on
   * its way. `publicKey` is Ed25519, 32 bytes, from that account's verified list.
   */
  device(
    deviceId: DeviceId,
  ): { readonly userId: UserId; readonly publicKey: Uint8Array } | undefined;
  /** All devices of that buddy; none where the user is no buddy. */
  devicesOf(userId: UserId): readonly LinkPeer[];
  /**
   * All devices of somebody in a group: of a buddy those of `devicesOf`, of anybody else all that
   * their verified list has.
   */
  memberDevices(userId: UserId): readonly LinkPeer[];
  /** Everybody in the roster, buddies or not. */
  people(): readonly UserId[];
  /** This account's devices except this one. */
  ownOthers(): readonly LinkPeer[];
  isOnline(deviceId: DeviceId): boolean;
  isBuddy(userId: UserId): boolean;
  isBlocked(userId: UserId): boolean;
}

import * as v from "valibot";
import { encodeId, UserId, type DeviceId } from "../../protocol/index.ts";
import type { GroupMember } from "../../crypto/index.ts";
import type { LinkPeer } from "../link.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import type { MemberDirectory } from "./member-directory.ts";

/** A leaf by the ids of its device. The device's id stands for its key (SPEC I1). */
export interface MemberDevice extends LinkPeer {
  readonly leaf: number;
}

export function memberDevices(members: readonly GroupMember[]): readonly MemberDevice[] {
  return members.map(({ leaf, userId, publicKey }) => ({
    leaf,
    userId: v.parse(UserId, encodeId(userId)),
    deviceId: deviceOf(publicKey),
  }));
}

/** By the array that a leaf holds its key in, which is never changed: every message asks for one. */
const DEVICES = new WeakMap<Uint8Array, DeviceId>();

function deviceOf(publicKey: Uint8Array): DeviceId {
  const known = DEVICES.get(publicKey);
  if (known !== undefined) return known;
  const device = deviceIdOfKey(publicKey);
  DEVICES.set(publicKey, device);
  return device;
}

/** How a group differs from what it must be before something is sealed in it. */
export interface MembershipGap {
  /** Recipients that are not in it. */
  readonly missing: readonly LinkPeer[];
  /** Leaves of devices that are not in their account's verified list, and of strangers. */
  readonly stale: readonly number[];
  /** Accounts of which no verified list is known. */
  readonly unknown: readonly UserId[];
}

/**
 * @param accounts whose devices may be in the group
 * @param unlisted of a group, accounts whose lists the server does not give: nobody vouches for what
 * they have in it. Whoever of `accounts` has nothing in it holds nobody up.
 * @param self this device: it is in the group, listed yet or not
 */
export function membershipGap(
  members: readonly MemberDevice[],
  options: {
    readonly recipients: readonly LinkPeer[];
    readonly accounts: ReadonlySet<UserId>;
    readonly unlisted?: ReadonlySet<UserId> | undefined;
    readonly directory: MemberDirectory;
    readonly self: DeviceId;
  },
): MembershipGap {
  const { accounts, directory, recipients, self, unlisted } = options;
  // Every message asks, of groups of a thousand devices, too.
  const owners = new Map(members.map(({ deviceId, userId }) => [deviceId, userId]));
  const present = new Set(owners.values());
  const lists = new Map<UserId, ReadonlySet<DeviceId>>();
  const unknown: UserId[] = [];
  for (const userId of accounts) {
    const devices = directory.devices(userId);
    if (devices.length > 0 || unlisted?.has(userId) === true) {
      lists.set(userId, new Set(devices.map(({ deviceId }) => deviceId)));
    } else if (unlisted === undefined || present.has(userId)) {
      unknown.push(userId);
    }
  }
  const stale = members.filter(({ deviceId, userId }) => {
    if (deviceId === self) return false;
    return !accounts.has(userId) || lists.get(userId)?.has(deviceId) === false;
  });
  return {
    missing: recipients.filter(({ deviceId, userId }) => owners.get(deviceId) !== userId),
    stale: stale.map(({ leaf }) => leaf),
    unknown,
  };
}

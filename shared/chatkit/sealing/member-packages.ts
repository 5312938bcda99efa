import type { DeviceId } from "../../protocol/index.ts";
import { limits } from "../../protocol/index.ts";
import { readKeyPackage, type KeyPackageClaims, type MlsSuite } from "../../crypto/index.ts";
import type { LinkPeer } from "../link.ts";
import type { GroupContext } from "./group-context.ts";
import { memberDevices } from "./membership.ts";

/** A key package that is that device's, for sure, and can be used today. */
export interface MemberPackage {
  readonly device: LinkPeer;
  readonly keyPackage: Uint8Array;
  readonly suite: MlsSuite;
}

/**
 * Takes a key package of each of those devices. What the server hands out is believed only where it
 * is signed by the key that the account's verified list names.
 * @returns those that can be taken in; the others are left out, and join by themselves
 */
export async function takeMemberPackages(
  devices: readonly LinkPeer[],
  context: GroupContext,
): Promise<readonly MemberPackage[]> {
  // All at once: lists that must be read go in few requests.
  const known = await Promise.all(devices.map((device) => isListed(device, context)));
  const listed = devices.filter((_, index) => known[index] === true);
  const taken = new Map<DeviceId, Uint8Array>();
  for (let from = 0; from < listed.length; from += limits.KEY_PACKAGE_BATCH) {
    const batch = listed.slice(from, from + limits.KEY_PACKAGE_BATCH);
    const packages = await context.service.takeKeyPackages(batch.map(({ deviceId }) => deviceId));
    for (const [deviceId, keyPackage] of packages) taken.set(deviceId, keyPackage);
  }
  const usable: MemberPackage[] = [];
  for (const device of listed) {
    const keyPackage = taken.get(device.deviceId);
    const claims = keyPackage === undefined ? undefined : await readKeyPackage(keyPackage);
    if (keyPackage === undefined) continue;
    if (claims === undefined || !isOf(device, claims)) {
      context.notice({
        kind: "server-untrusted",
        detail: "The server handed out a key that is not that of the device it named.",
      });
    } else if (claims.notAfter > context.clock.now() / 1000) {
      usable.push({ device, keyPackage, suite: claims.suite });
    }
  }
  return usable;
}

async function isListed({ deviceId, userId }: LinkPeer, context: GroupContext): Promise<boolean> {
  const { directory } = context;
  const isIn = (): boolean =>
    directory.devices(userId).some((device) => device.deviceId === deviceId);
  if (isIn()) return true;
  await directory.refresh(userId);
  return isIn();
}

function isOf({ deviceId, userId }: LinkPeer, claims: KeyPackageClaims): boolean {
  const [device] = memberDevices([{ ...claims, leaf: 0 }]);
  return device?.deviceId === deviceId && device.userId === userId;
}

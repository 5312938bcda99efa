import { identityKeysOf } from "../../identity.ts";
import { createKeyPackage } from "../key-packages.ts";
import { MlsGroup } from "../mls-group.ts";
import type { GroupPolicy, MlsIdentity, MlsSuite } from "../mls-types.ts";

/** Devices and groups for tests. */

export const ANYBODY: GroupPolicy = { admits: async () => true };
export const GROUP_ID = new Uint8Array(16).fill(9);
export const IN_TIME = { lastResort: false, notBefore: 0, notAfter: 1e12 };

/** Device `number` of a user with that number. */
export function deviceOf(number: number): MlsIdentity {
  return {
    userId: new Uint8Array(16).fill(number),
    keys: identityKeysOf(new Uint8Array(32).fill(number)),
  };
}

/** A group of devices 1 to `count`, all of it in epoch 1, added by device 1. */
export async function groupOf(
  count: number,
  suite: MlsSuite = "classic",
  policy = ANYBODY,
): Promise<MlsGroup[]> {
  const alone = await MlsGroup.create({ identity: deviceOf(1), policy, groupId: GROUP_ID, suite });
  const others = Array.from({ length: count - 1 }, (_, index) => deviceOf(index + 2));
  const keyPackages = await Promise.all(
    others.map(async (identity) => createKeyPackage(identity, suite, IN_TIME)),
  );
  const { next, welcome } = await alone.commit({
    add: keyPackages.map(({ keyPackage }) => keyPackage),
    remove: [],
  });
  next.takeOver(alone);
  const joined = keyPackages.map(async (keyPackage, index) =>
    MlsGroup.join({
      identity: deviceOf(index + 2),
      policy,
      welcome: welcome ?? new Uint8Array(0),
      keyPackage,
    }),
  );
  return [next, ...(await Promise.all(joined))];
}

/** All members after `committer` renewed its keys. */
export async function renewed(groups: readonly MlsGroup[], committer = 0): Promise<MlsGroup[]> {
  const pending = await groups[committer]?.commit({ add: [], remove: [] });
  if (pending === undefined) throw new RangeError("no such member");
  return await Promise.all(
    groups.map(async (group, index) => {
      const next = index === committer ? pending.next : await group.process(pending.commit);
      next.takeOver(group);
      return next;
    }),
  );
}

/** What a store holds after these changes. */
export function saved(
  store: Map<string, Uint8Array>,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
): Map<string, Uint8Array> {
  for (const [name, bytes] of changes) {
    if (bytes === undefined) store.delete(name);
    else store.set(name, bytes);
  }
  return store;
}

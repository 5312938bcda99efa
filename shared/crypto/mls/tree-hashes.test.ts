import fc from "fast-check";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { expect, test } from "vitest";
import { cipherSuites } from "./cipher-suites.ts";
import { treeOf } from "./group-infos.ts";
import { createKeyPackage } from "./key-packages.ts";
import { ANYBODY, deviceOf, groupOf, IN_TIME } from "./testing/members.ts";
import { TreeHashes } from "./tree-hashes.ts";
import { decodeGroupInfoMessage } from "./wire.ts";
import { MlsGroup } from "./mls-group.ts";

async function treeIn(group: MlsGroup): Promise<RatchetTree> {
  return treeOf(decodeGroupInfoMessage(await group.groupInfo()).groupInfo);
}

/** Trees with blanks, with leaves that are unmerged at some of their parents, and after both. */
async function trees(): Promise<RatchetTree[]> {
  const found: RatchetTree[] = [];
  let groups = await groupOf(9);
  const commit = async (
    by: number,
    change: { add: Uint8Array[]; remove: number[] },
  ): Promise<void> => {
    const committer = groups[by];
    if (committer === undefined) throw new RangeError("no such member");
    const pending = await committer.commit(change);
    groups = await Promise.all(
      groups.map(async (group, index) => {
        const next = index === by ? pending.next : await group.process(pending.commit);
        next.takeOver(group);
        return next;
      }),
    );
    found.push(await treeIn(pending.next));
  };
  const fresh = async (number: number) =>
    (await createKeyPackage(deviceOf(number), "classic", IN_TIME)).keyPackage;
  for (const by of [0, 3, 8]) await commit(by, { add: [], remove: [] });
  await commit(1, { add: [await fresh(20), await fresh(21)], remove: [] });
  await commit(7, { add: [], remove: [] });
  groups.splice(4, 1);
  await commit(2, { add: [await fresh(22)], remove: [4] });
  await commit(5, { add: [], remove: [] });
  const [someone] = groups;
  if (someone === undefined) throw new RangeError("nobody");
  const outside = await MlsGroup.joinExternal({
    identity: deviceOf(30),
    policy: ANYBODY,
    groupInfo: await someone.groupInfo(),
  });
  found.push(await treeIn(outside.group));
  return found;
}

test("sound trees have the library's hashes, and are sound; changed ones are what they are to it", async () => {
  const cs = (await cipherSuites()).classic;
  const sound = await trees();
  expect(sound.some((tree) => tree.some(isUnmergedSomewhere))).toBe(true);
  const same = async (tree: RatchetTree): Promise<boolean> => {
    const hashes = new TreeHashes(tree, cs.direct.hashes.digest);
    expect(hashes.whole).toEqual(await treeHashRoot(tree, cs.hash));
    const isSound = await verifyParentHashes(tree, cs.hash);
    expect(hashes.hasSoundParents()).toBe(isSound);
    return isSound;
  };
  for (const tree of sound) await expect(same(tree)).resolves.toBe(true);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sound),
      fc.nat(),
      fc.constantFrom("key", "hash", "unmerged", "blank"),
      async (tree, at, what) => {
        const changed = tree.slice();
        const index = at % tree.length;
        const node = tree[index];
        // The library never ends where a chain meets a blank root.
        if (node?.nodeType !== "parent" || (what === "blank" && index === tree.length >> 1)) return;
        const { hpkePublicKey, parentHash, unmergedLeaves } = node.parent;
        const parent = {
          hpkePublicKey: what === "key" ? hpkePublicKey.toReversed() : hpkePublicKey,
          parentHash: what === "hash" ? new Uint8Array(parentHash.length) : parentHash,
          unmergedLeaves: what === "unmerged" ? unmergedLeaves.slice(1) : unmergedLeaves,
        };
        changed[index] = what === "blank" ? undefined : { nodeType: "parent", parent };
        await same(changed);
      },
    ),
    { numRuns: 60 },
  );
});

function isUnmergedSomewhere(node: RatchetTree[number]): boolean {
  return node?.nodeType === "parent" && node.parent.unmergedLeaves.length > 0;
}

import type { GroupContext } from "ts-mls";
import type { Node, RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { beforeAll, describe, expect, test } from "vitest";
import { cipherSuites } from "./cipher-suites.ts";
import { Admission } from "./client-config.ts";
import { treeOf } from "./group-infos.ts";
import { createKeyPackage } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { ANYBODY, deviceOf, groupOf, IN_TIME, renewed } from "./testing/members.ts";
import { validateTree } from "./tree-validation.ts";
import { decodeGroupInfoMessage } from "./wire.ts";

const NONE = new Uint8Array(0);

/** Eight devices; the eighth came after the fifth had renewed its keys: it is unmerged above it. */
async function groupWithUnmerged(): Promise<{ groups: MlsGroup[]; next: MlsGroup }> {
  const groups = await renewed(await groupOf(7), 4);
  const [first] = groups;
  const newcomer = await createKeyPackage(deviceOf(8), "classic", IN_TIME);
  const added = await first?.commit({ add: [newcomer.keyPackage], remove: [] });
  if (first === undefined || added === undefined) throw new Error("no group");
  added.next.takeOver(first);
  const welcome = added.welcome ?? NONE;
  const identity = deviceOf(8);
  const eighth = await MlsGroup.join({ identity, policy: ANYBODY, welcome, keyPackage: newcomer });
  // By a commit in the other half the leaf is merged at the root, and only there (§7.4).
  const renewal = await added.next.commit({ add: [], remove: [] });
  const others = [...groups.slice(1), eighth];
  const followed = others.map(async (group) => {
    const before = group === eighth ? group : await group.process(added.commit);
    return await before.process(renewal.commit);
  });
  return { groups: [renewal.next, ...(await Promise.all(followed))], next: renewal.next };
}

test("a device joins a group in which another is merged at the root and not below", async () => {
  const { groups, next } = await groupWithUnmerged();
  const identity = deviceOf(9);
  const joined = await MlsGroup.joinExternal({
    identity,
    policy: ANYBODY,
    groupInfo: await next.groupInfo(),
  });
  expect(joined.group.members).toHaveLength(9);
  const sealed = await joined.group.seal(Uint8Array.of(1, 2, 3), NONE);
  for (const group of groups) {
    const after = await group.process(joined.commit);
    expect((await after.open(sealed)).plaintext).toEqual(Uint8Array.of(1, 2, 3));
  }
  const tenth = await createKeyPackage(deviceOf(10), "classic", IN_TIME);
  const { welcome = NONE } = await next.commit({ add: [tenth.keyPackage], remove: [] });
  const welcomed = await MlsGroup.join({
    identity: deviceOf(10),
    policy: ANYBODY,
    welcome,
    keyPackage: tenth,
  });
  expect(welcomed.members).toHaveLength(9);
});

describe("a tree that is not sound", () => {
  let tree: RatchetTree;
  let context: GroupContext;

  beforeAll(async () => {
    const { groupInfo } = decodeGroupInfoMessage(
      await (await groupWithUnmerged()).next.groupInfo(),
    );
    tree = treeOf(groupInfo);
    context = groupInfo.groupContext;
  });

  /** With the hash of the changed tree, as a server would send it. */
  async function validate(changed: RatchetTree, policy = ANYBODY): Promise<void> {
    const cs = (await cipherSuites()).classic;
    const { config } = new Admission(deviceOf(1), policy);
    const treeHash = await treeHashRoot(changed, cs.hash);
    await validateTree(changed, { ...context, treeHash }, config.authService, cs);
  }

  const withNode = (at: number, node: Node | undefined): RatchetTree =>
    tree.map((before, index) => (index === at ? node : before));
  const leafAt = (at: number) => {
    const node = tree[at];
    if (node?.nodeType !== "leaf") throw new Error("no leaf");
    return node.leaf;
  };
  const parentAt = (at: number) => {
    const node = tree[at];
    if (node?.nodeType !== "parent") throw new Error("no parent");
    return node.parent;
  };

  test("unless it is the group's own", async () => {
    await expect(validate(tree)).resolves.toBeUndefined();
    const { authService } = new Admission(deviceOf(1), ANYBODY).config;
    const cs = (await cipherSuites()).classic;
    const treeHash = new Uint8Array(32);
    const other = { ...context, treeHash };
    await expect(validateTree(tree, other, authService, cs)).rejects.toThrow("another tree");
  });

  test("has leaves with keys that their devices have not signed", async () => {
    for (const at of [0, 2, 8]) {
      const leaf = { ...leafAt(at), hpkePublicKey: new Uint8Array(32).fill(5) };
      await expect(validate(withNode(at, { nodeType: "leaf", leaf }))).rejects.toThrow(
        "not signed",
      );
    }
    // A leaf of a commit is signed for its group and its place.
    const swapped = tree.map((node, at) => (at === 0 ? tree[8] : at === 8 ? tree[0] : node));
    await expect(validate(swapped)).rejects.toThrow("not signed");
    const groupId = new Uint8Array(16).fill(7);
    const { authService } = new Admission(deviceOf(1), ANYBODY).config;
    const cs = (await cipherSuites()).classic;
    await expect(validateTree(tree, { ...context, groupId }, authService, cs)).rejects.toThrow(
      "not signed",
    );
  });

  test("has keys above the leaves that none of them made", async () => {
    for (const at of [7, 11]) {
      const parent = { ...parentAt(at), hpkePublicKey: new Uint8Array(32).fill(6) };
      const changed = withNode(at, { nodeType: "parent", parent });
      await expect(validate(changed)).rejects.toThrow("nobody made");
    }
    const blank = tree.findIndex((node, at) => at % 2 === 1 && node === undefined);
    const parent = {
      ...parentAt(7),
      hpkePublicKey: new Uint8Array(32).fill(6),
      unmergedLeaves: [],
    };
    const grown = withNode(blank, { nodeType: "parent", parent });
    await expect(validate(grown)).rejects.toThrow("nobody made");
  });

  test("has a leaf unmerged above and merged below", async () => {
    const parent = { ...parentAt(11), unmergedLeaves: [] };
    const root = { ...parentAt(7), unmergedLeaves: [7] };
    const changed = tree.map((node, at): Node | undefined =>
      at === 11
        ? { nodeType: "parent", parent }
        : at === 7
          ? { nodeType: "parent", parent: root }
          : node,
    );
    await expect(validate(changed)).rejects.toThrow("merged below");
  });

  test("has members that are not admitted", async () => {
    const strict = { admits: async ({ userId }: { userId: Uint8Array }) => userId[0] !== 3 };
    await expect(validate(tree, strict)).rejects.toMatchObject({ reason: "not-admitted" });
  });
});

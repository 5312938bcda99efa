import type { ClientState, Proposal } from "ts-mls";
import { createGroup } from "ts-mls/clientState.js";
import type { Commit } from "ts-mls/commit.js";
import { addLeafNode } from "ts-mls/ratchetTree.js";
import { beforeAll, expect, test } from "vitest";
import { cipherSuites } from "./cipher-suites.ts";
import { checkCommit, checkKeys, checkTree } from "./commit-rules.ts";
import { newKeyPackage } from "./key-packages.ts";
import { deviceOf, GROUP_ID, IN_TIME } from "./testing/members.ts";
import { MAX_PROPOSALS, MAX_TREE_LEAVES } from "./wire.ts";

/** What a member that does not keep to the rules could put in a commit. */

let state: ClientState;
type Leaf = NonNullable<Commit["path"]>["leafNode"];
const leaves = new Map<number, Leaf>();

beforeAll(async () => {
  const cs = (await cipherSuites()).classic;
  const own = await newKeyPackage(deviceOf(1), "classic", IN_TIME);
  state = await createGroup(GROUP_ID, own.keyPackage, own.privateKeys, [], cs);
  for (const number of [1, 2, 3, 4]) {
    const { keyPackage } = await newKeyPackage(deviceOf(number), "classic", IN_TIME);
    const { lifetime: _, ...leaf } = keyPackage.leafNode;
    leaves.set(number, { ...leaf, leafNodeSource: "commit", parentHash: new Uint8Array(0) });
    if (number === 1 || number === 4) continue;
    state = { ...state, ratchetTree: addLeafNode(state.ratchetTree, keyPackage.leafNode)[0] };
  }
});

const remove = (removed: number): Proposal => ({ proposalType: "remove", remove: { removed } });
const join: Proposal = {
  proposalType: "external_init",
  externalInit: { kemOutput: new Uint8Array(32) },
};
const outside = { senderType: "new_member_commit" } as const;
const member = (leafIndex: number) => ({ senderType: "member", leafIndex }) as const;

function commitOf(proposals: readonly Proposal[], device?: number): Commit {
  const leafNode = device === undefined ? undefined : leaves.get(device);
  return {
    proposals: proposals.map((proposal) => ({ proposalOrRefType: "proposal", proposal })),
    path: leafNode && { leafNode, nodes: [] },
  };
}

test("a joiner from outside removes nobody but its own former leaf", () => {
  const check = (proposals: readonly Proposal[], device?: number) => () =>
    checkCommit(state, commitOf(proposals, device), outside);
  expect(check([join], 4)).not.toThrow();
  expect(check([join, remove(1)], 2)).not.toThrow();
  expect(check([join, remove(2)], 2)).toThrow("in already");
  expect(check([join, remove(1)], 4)).toThrow("removes another");
  expect(check([join], 2)).toThrow("in already");
  expect(check([join, remove(1), remove(2)], 2)).toThrow("does more");
  expect(check([remove(1)], 2)).toThrow("does more");
  expect(check([join, join], 4)).toThrow("does more");
  expect(check([join])).toThrow("without a leaf");
  expect(check([join, remove(0)], 1)).toThrow("this device is removed");
});

test("a member stays who it is, and makes only the changes that groups of ours have", () => {
  const check = (proposals: readonly Proposal[], device?: number) => () =>
    checkCommit(state, commitOf(proposals, device), member(1));
  expect(check([], 2)).not.toThrow();
  expect(check([remove(2)], 2)).not.toThrow();
  expect(check([], 3)).toThrow("becomes another");
  expect(check([join], 2)).toThrow("from outside");
  expect(check([remove(0)], 2)).toThrow("this device is removed");
  const others: readonly Proposal[] = [
    { proposalType: "group_context_extensions", groupContextExtensions: { extensions: [] } },
    {
      proposalType: "reinit",
      reinit: {
        groupId: GROUP_ID,
        version: "mls10",
        cipherSuite: state.groupContext.cipherSuite,
        extensions: [],
      },
    },
    { proposalType: 0xf000, proposalData: new Uint8Array(0) },
  ];
  for (const proposal of others) expect(check([proposal], 2)).toThrow("do not have");
  const many = Array.from({ length: MAX_PROPOSALS + 1 }, () => remove(2));
  expect(check(many, 2)).toThrow("more proposals");
  const reference = new Uint8Array(32);
  expect(() =>
    checkCommit(
      state,
      { proposals: [{ proposalOrRefType: "reference", reference }], path: undefined },
      member(1),
    ),
  ).toThrow("by reference");
  expect(() =>
    checkCommit(state, commitOf([], 2), { senderType: "external", senderIndex: 0 }),
  ).toThrow("from outside");
});

test("a tree is bounded, in order, and has no key twice", () => {
  const { ratchetTree } = state;
  expect(checkTree(ratchetTree)).toBe(ratchetTree);
  expect(() => checkTree(undefined)).toThrow("no ratchet tree");
  expect(() => checkTree(Array.from({ length: 2 * MAX_TREE_LEAVES + 1 }))).toThrow("more leaves");
  expect(() => checkTree([undefined, ratchetTree[0]])).toThrow("each other's places");
  expect(() => checkKeys(ratchetTree)).not.toThrow();
  expect(() => checkKeys([...ratchetTree, undefined, ratchetTree[0]])).toThrow("twice");
});

test("the unmerged leaves of a parent are leaves below it, each once", () => {
  const [leaf] = state.ratchetTree;
  const treeOf = (unmergedLeaves: number[], at: number): ClientState["ratchetTree"] => {
    const tree = Array.from({ length: 7 }, (_, index) => (index % 2 === 0 ? leaf : undefined));
    tree[2 * 3] = undefined;
    const parent = { hpkePublicKey: new Uint8Array(32), parentHash: new Uint8Array(0) };
    tree[at] = { nodeType: "parent", parent: { ...parent, unmergedLeaves } };
    return tree;
  };
  const check = (unmerged: number[], at: number) => () => checkTree(treeOf(unmerged, at));
  for (const [unmerged, at] of [
    [[], 3],
    [[0, 2], 3],
    [[1], 1],
    [[2], 5],
  ] as const) {
    expect(check([...unmerged], at)).not.toThrow();
  }
  for (const [unmerged, at] of [
    [[3], 3],
    [[4], 3],
    [[1, 1], 3],
    [[2, 0], 3],
    [[2], 1],
    [[1], 5],
  ] as const) {
    expect(check([...unmerged], at)).toThrow("unmerged leaves");
  }
  // What the library would compare with itself, 200,000 times.
  const many = Array.from({ length: 200_000 }, () => 0);
  expect(check(many, 3)).toThrow("unmerged leaves");
});

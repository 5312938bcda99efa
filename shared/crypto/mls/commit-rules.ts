import type { ClientState } from "ts-mls";
import type { Commit } from "ts-mls/commit.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { Sender } from "ts-mls/sender.js";
import { MlsError } from "./mls-types.ts";
import { sameBytes } from "../bytes.ts";
import { deviceOfLeaf, MAX_PROPOSALS, MAX_TREE_LEAVES } from "./wire.ts";

/**
 * What a commit of ours may do beyond what the library checks: a member adds by key package and
 * removes by leaf, and keeps its own identity; a joiner from outside removes nothing but its own
 * former leaf (RFC 9420 §12.2, last list) and is not in the tree twice.
 * @throws MlsError
 */
export function checkCommit(state: ClientState, commit: Commit, sender: Sender): void {
  if (commit.proposals.length > MAX_PROPOSALS) broken("more proposals than a group has members");
  const kinds = commit.proposals.map((entry) => {
    if (entry.proposalOrRefType !== "proposal") return broken("a proposal by reference");
    return entry.proposal;
  });
  const removed: number[] = [];
  let joins = 0;
  for (const proposal of kinds) {
    if (proposal.proposalType === "remove") {
      removed.push(proposal.remove.removed);
    } else if (proposal.proposalType === "external_init") {
      joins += 1;
    } else if (proposal.proposalType !== "add" || sender.senderType !== "member") {
      broken("a proposal that groups of ours do not have");
    }
  }
  if (sender.senderType === "member") {
    if (joins > 0) broken("a member joins from outside");
    checkSame(state.ratchetTree, sender.leafIndex, commit);
  } else if (sender.senderType === "new_member_commit") {
    if (joins !== 1 || removed.length > 1) broken("a joiner from outside that does more");
    checkJoiner(state.ratchetTree, removed, commit);
  } else {
    broken("a commit from outside");
  }
  if (removed.includes(state.privatePath.leafIndex)) {
    throw new MlsError("not-for-us", "this device is removed");
  }
}

/** A tree from elsewhere, before anything that takes long is done with it. @throws MlsError invalid */
export function checkTree(tree: RatchetTree | undefined): RatchetTree {
  if (tree === undefined) return broken("no ratchet tree");
  if (tree.length > 2 * MAX_TREE_LEAVES) broken("more leaves than a group has");
  for (const [index, node] of tree.entries()) {
    if (node !== undefined && (node.nodeType === "leaf") !== (index % 2 === 0)) {
      broken("leaves and parents in each other's places");
    }
    if (node?.nodeType === "parent") checkUnmerged(tree, index, node.parent.unmergedLeaves);
  }
  return tree;
}

/**
 * Leaves of its own subtree, each once and in order (§7.9): the library compares the lists of all
 * parents with each other, which with an invented one of a megabyte takes for ever.
 */
function checkUnmerged(tree: RatchetTree, parent: number, unmerged: readonly number[]): void {
  // As many of a parent's lowest bits are set as there are levels below it (appendix C).
  const reach = (parent ^ (parent + 1)) >>> 1;
  let before = -1;
  for (const leaf of unmerged) {
    const isBelow = 2 * leaf >= parent - reach && 2 * leaf <= parent + reach;
    if (leaf <= before || !isBelow || tree[2 * leaf] === undefined) {
      broken("unmerged leaves that are none");
    }
    before = leaf;
  }
}

/**
 * No key stands in the tree twice (§7.3): the library does not compare those of a new leaf, and who
 * joins later would refuse such a tree. @throws MlsError invalid
 */
export function checkKeys(tree: RatchetTree): void {
  const seen = new Set<string>();
  for (const node of tree) {
    if (node === undefined) continue;
    if (node.nodeType === "leaf") note(seen, "signature", node.leaf.signaturePublicKey);
    const { hpkePublicKey } = node.nodeType === "leaf" ? node.leaf : node.parent;
    note(seen, "encryption", hpkePublicKey);
  }
}

function note(seen: Set<string>, purpose: string, key: Uint8Array): void {
  const text = `${purpose} ${key.join()}`;
  if (seen.has(text)) broken("a key that stands in the tree twice");
  seen.add(text);
}

function checkSame(tree: RatchetTree, leaf: number, { path }: Commit): void {
  const node = tree[2 * leaf];
  if (path === undefined) return;
  const before = node?.nodeType === "leaf" ? deviceOfLeaf(node.leaf) : undefined;
  const after = deviceOfLeaf(path.leafNode);
  if (
    before === undefined ||
    after === undefined ||
    !sameBytes(before.userId, after.userId) ||
    !sameBytes(before.publicKey, after.publicKey)
  ) {
    broken("a member that becomes another");
  }
}

function checkJoiner(tree: RatchetTree, removed: readonly number[], { path }: Commit): void {
  const joiner = path === undefined ? undefined : deviceOfLeaf(path.leafNode);
  if (joiner === undefined) return broken("a joiner without a leaf");
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    const isOwn = sameBytes(node.leaf.signaturePublicKey, joiner.publicKey);
    if (isOwn !== removed.includes(index / 2)) {
      broken(isOwn ? "a joiner that is in already" : "a joiner that removes another");
    }
  }
}

function broken(message: string): never {
  throw new MlsError("invalid", message);
}

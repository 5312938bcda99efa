import type { AuthenticationService, GroupContext } from "ts-mls";
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { directPath, leafWidth, toNodeIndex } from "ts-mls/treemath.js";
import type { CipherSuite } from "./cipher-suites.ts";
import { checkKeys, checkTree } from "./commit-rules.ts";
import { MlsError } from "./mls-types.ts";
import { TreeHashes } from "./tree-hashes.ts";
import { sameBytes } from "../bytes.ts";

/**
 * The tree of a group that this device joins (RFC 9420 §7.9 and §12.4.3.1): its members are admitted
 * and have signed their leaves, every key above them was made by one of them, and it is the tree of
 * the group's context. In place of the library's check, which refuses sound trees: it wants a leaf
 * that is unmerged somewhere to be so up to the root, where a commit from the other half merges it
 * (§7.4). How long leaves are valid is not asked: the device lists say who is a member.
 * @throws MlsError invalid; what the service throws
 */
export async function validateTree(
  tree: RatchetTree,
  { groupId, treeHash }: GroupContext,
  authService: AuthenticationService,
  { direct, signature }: CipherSuite,
): Promise<void> {
  checkTree(tree);
  checkKeys(tree);
  checkUnmergedBelow(tree);
  const hashes = new TreeHashes(tree, direct.hashes.digest);
  if (!sameBytes(hashes.whole, treeHash)) invalid("another tree");
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    const { leaf } = node;
    if (leaf.extensions.length > 0 || !leaf.capabilities.credentials.includes("basic")) {
      invalid("a leaf that is no device of ours");
    }
    const isSigned =
      leaf.leafNodeSource === "key_package"
        ? await verifyLeafNodeSignatureKeyPackage(leaf, signature)
        : await verifyLeafNodeSignature(leaf, groupId, index / 2, signature);
    if (!isSigned) invalid("a leaf that its device has not signed");
    if (!(await authService.validateCredential(leaf.credential, leaf.signaturePublicKey))) {
      throw new MlsError("not-admitted", "a device is not admitted");
    }
  }
  if (!hashes.hasSoundParents()) invalid("parents that nobody made");
}

/** A leaf unmerged at a parent is unmerged at every one between the two. */
function checkUnmergedBelow(tree: RatchetTree): void {
  const width = leafWidth(tree.length);
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "parent") continue;
    for (const leaf of node.parent.unmergedLeaves) {
      for (const between of directPath(toNodeIndex(2 * leaf), width)) {
        if (between === index) break;
        const lower = tree[between];
        if (lower?.nodeType === "parent" && !lower.parent.unmergedLeaves.includes(leaf)) {
          invalid("a leaf that is merged below and not above");
        }
      }
    }
  }
}

function invalid(message: string): never {
  throw new MlsError("invalid", message);
}

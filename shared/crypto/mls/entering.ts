import type {
  CiphersuiteImpl,
  ClientConfig,
  ClientState,
  GroupInfo,
  KeyPackage,
  PrivateKeyPackage,
  PublicMessage,
} from "ts-mls";
import { exportSecret, nextEpochContext } from "ts-mls/clientState.js";
import type { Commit } from "ts-mls/commit.js";
import { createConfirmationTag, createContentCommitSignature } from "ts-mls/framedContent.js";
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";
import type { GroupSecrets } from "ts-mls/groupSecrets.js";
import { deriveKeySchedule, initializeEpoch } from "ts-mls/keySchedule.js";
import { protectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { getCommitSecret, pathToPathSecrets, pathToRoot } from "ts-mls/pathSecrets.js";
import { mergePrivateKeyPaths, toPrivateKeyPath, updateLeafKey } from "ts-mls/privateKeyPath.js";
import { addLeafNode, findLeafIndex, removeLeafNode } from "ts-mls/ratchetTree.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { Sender } from "ts-mls/sender.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { leafWidth, nodeToLeafIndex, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";
import { createUpdatePath, firstCommonAncestor } from "ts-mls/updatePath.js";
import type { CipherSuite } from "./cipher-suites.ts";
import { treeOf } from "./group-infos.ts";
import { MlsError } from "./mls-types.ts";
import { validateTree } from "./tree-validation.ts";
import { MAX_TREE_LEAVES } from "./wire.ts";

/** This device's side of joining. */
export interface Entrant {
  readonly keyPackage: KeyPackage;
  readonly privateKeys: PrivateKeyPackage;
  readonly cs: CipherSuite;
  readonly config: ClientConfig;
  /** Members that the group may have: a tree takes long to look at. */
  readonly maxMembers?: number | undefined;
}

/**
 * The group that a Welcome leads into (RFC 9420 §12.4.3.1). No pre-shared keys.
 * @throws MlsError; what the library throws
 */
export async function enterByWelcome(
  entrant: Entrant,
  groupInfo: GroupInfo,
  { joinerSecret, pathSecret }: GroupSecrets,
): Promise<ClientState> {
  const { keyPackage, privateKeys, cs, config } = entrant;
  const { groupContext, confirmationTag, signer } = groupInfo;
  if (groupContext.cipherSuite !== keyPackage.cipherSuite) invalid("a group of another suite");
  const tree = await soundTree(groupInfo, entrant);
  const noPsk = new Uint8Array(cs.kdf.size);
  if (!(await verifyGroupInfoConfirmationTag(groupInfo, joinerSecret, noPsk, cs))) {
    invalid("a group that nobody confirms");
  }
  const leaf = findLeafIndex(tree, keyPackage.leafNode);
  if (leaf === undefined) return invalid("a Welcome into a group without this device");
  let privatePath = {
    leafIndex: Number(leaf),
    privateKeys: { [2 * leaf]: privateKeys.hpkePrivateKey },
  };
  if (pathSecret !== undefined) {
    const common = firstCommonAncestor(tree, leaf, toLeafIndex(signer));
    const secrets = await pathToRoot(tree, common, pathSecret, cs.kdf);
    const above = await toPrivateKeyPath(secrets, leaf, cs);
    privatePath = mergePrivateKeyPaths(above, privatePath);
  }
  const [keySchedule, encryption] = await deriveKeySchedule(
    joinerSecret,
    noPsk,
    groupContext,
    cs.kdf,
  );
  return {
    ...freshState(config, privateKeys),
    groupContext,
    ratchetTree: tree,
    privatePath,
    confirmationTag,
    keySchedule,
    secretTree: await secretTreeOf(tree, encryption, cs),
  };
}

/**
 * Joins by an external commit (§12.4.3.2).
 * @param former this device's leaf in the group, which goes by the same commit
 * @throws MlsError; what the library throws
 */
export async function enterFromOutside(
  entrant: Entrant,
  groupInfo: GroupInfo,
  former: number | undefined,
): Promise<{ state: ClientState; commit: PublicMessage }> {
  const { keyPackage, privateKeys, cs, config } = entrant;
  const { groupContext, extensions } = groupInfo;
  const external = extensions.find(({ extensionType }) => extensionType === "external_pub");
  if (external === undefined) return invalid("a group that nobody joins from outside");
  const present = await soundTree(groupInfo, entrant);
  const { enc: kemOutput, secret: initSecret } = await exportSecret(external.extensionData, cs);
  const without = former === undefined ? present : removeLeafNode(present, toLeafIndex(former));
  const [withLeaf, node] = addLeafNode(without, keyPackage.leafNode);
  const leaf = nodeToLeafIndex(node);
  const [tree, path, secrets, leafKey] = await createUpdatePath(
    withLeaf,
    leaf,
    groupContext,
    privateKeys.signaturePrivateKey,
    cs,
  );
  const commit: Commit = {
    proposals: [
      ...(former === undefined
        ? []
        : [{ proposalType: "remove", remove: { removed: former } } as const]),
      { proposalType: "external_init", externalInit: { kemOutput } } as const,
    ].map((proposal) => ({ proposalOrRefType: "proposal", proposal })),
    path,
  };
  const sender: Sender = { senderType: "new_member_commit" };
  const { signature, framedContent } = await createContentCommitSignature(
    groupContext,
    "mls_public_message",
    commit,
    sender,
    new Uint8Array(0),
    privateKeys.signaturePrivateKey,
    cs.signature,
  );
  const next = await nextEpochContext(
    groupContext,
    "mls_public_message",
    framedContent,
    signature,
    await treeHashRoot(tree, cs.hash),
    groupInfo.confirmationTag,
    cs.hash,
  );
  const last = secrets.at(-1);
  const commitSecret =
    last === undefined
      ? new Uint8Array(cs.kdf.size)
      : await getCommitSecret(tree, toNodeIndex(last.nodeIndex), last.secret, cs.kdf);
  const noPsk = new Uint8Array(cs.kdf.size);
  const epoch = await initializeEpoch(initSecret, commitSecret, next, noPsk, cs.kdf);
  const { confirmationKey, membershipKey } = epoch.keySchedule;
  const { confirmedTranscriptHash } = next;
  const confirmationTag = await createConfirmationTag(
    confirmationKey,
    confirmedTranscriptHash,
    cs.hash,
  );
  const above = await toPrivateKeyPath(pathToPathSecrets(secrets), leaf, cs);
  const state: ClientState = {
    ...freshState(config, privateKeys),
    groupContext: next,
    ratchetTree: tree,
    privatePath: updateLeafKey(above, await cs.hpke.exportPrivateKey(leafKey)),
    confirmationTag,
    keySchedule: epoch.keySchedule,
    secretTree: await secretTreeOf(tree, epoch.encryptionSecret, cs),
  };
  const content = {
    wireformat: "mls_public_message" as const,
    content: framedContent,
    auth: { contentType: "commit" as const, signature, confirmationTag },
  };
  for (const secret of [initSecret, commitSecret, epoch.joinerSecret, epoch.welcomeSecret]) {
    secret.fill(0);
  }
  return { state, commit: await protectPublicMessage(membershipKey, next, content, cs) };
}

/** Signed by one of its members, whose tree is sound. */
async function soundTree(
  groupInfo: GroupInfo,
  { cs, config, maxMembers = MAX_TREE_LEAVES }: Entrant,
): Promise<RatchetTree> {
  const tree = treeOf(groupInfo);
  const members = tree.filter((node) => node?.nodeType === "leaf").length;
  if (members > maxMembers) invalid("more members than the group can have");
  const signer = tree[2 * groupInfo.signer];
  if (signer?.nodeType !== "leaf") return invalid("a GroupInfo of nobody in the group");
  const { signaturePublicKey } = signer.leaf;
  if (!(await verifyGroupInfoSignature(groupInfo, signaturePublicKey, cs.signature))) {
    invalid("a GroupInfo that its maker has not signed");
  }
  await validateTree(tree, groupInfo.groupContext, config.authService, cs);
  return tree;
}

async function secretTreeOf(
  tree: RatchetTree,
  encryptionSecret: Uint8Array,
  { kdf }: CiphersuiteImpl,
): Promise<ClientState["secretTree"]> {
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, kdf);
  encryptionSecret.fill(0);
  return secretTree;
}

function freshState(clientConfig: ClientConfig, { signaturePrivateKey }: PrivateKeyPackage) {
  return {
    clientConfig,
    signaturePrivateKey,
    historicalReceiverData: new Map(),
    unappliedProposals: {},
    groupActiveState: { kind: "active" as const },
  };
}

function invalid(message: string): never {
  throw new MlsError("invalid", message);
}

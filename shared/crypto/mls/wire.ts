import type { MLSMessage } from "ts-mls";
import { decodeMlsMessage, encodeMlsMessage } from "ts-mls/message.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { SUITE_NAMES, suiteNamed } from "./cipher-suites.ts";
import { MlsError, type GroupMember, type MlsSuite } from "./mls-types.ts";

/** No MLS message of ours is longer: the delivery service takes 960 KiB. */
export const MAX_MLS_BYTES = 1024 * 1024;

/** Leaves that a tree from elsewhere may have; twice the devices of the largest group. */
export const MAX_TREE_LEAVES = 2048;

/** Proposals of one commit: a whole group taken in and another thrown out. */
export const MAX_PROPOSALS = 2048;

const USER_ID_BYTES = 16;
const PUBLIC_KEY_BYTES = 32;

/** @throws MlsError malformed */
export function decodeMessage(bytes: Uint8Array): MLSMessage {
  if (bytes.length > MAX_MLS_BYTES) throw new MlsError("malformed", "longer than any MLS message");
  let decoded: [MLSMessage, number] | undefined;
  try {
    // A copy: what is decoded points into it, and is kept.
    decoded = decodeMlsMessage(bytes.slice(), 0);
  } catch (cause) {
    throw new MlsError("malformed", "no MLS message", { cause });
  }
  if (decoded === undefined || decoded[1] !== bytes.length) {
    throw new MlsError("malformed", "no MLS message");
  }
  return decoded[0];
}

export function encodeMessage(message: MLSMessage): Uint8Array {
  return encodeMlsMessage(message);
}

/** @throws MlsError malformed */
export function decodeWelcomeMessage(bytes: Uint8Array) {
  const message = decodeMessage(bytes);
  if (message.wireformat !== "mls_welcome") throw new MlsError("malformed", "no Welcome");
  return { welcome: message.welcome, suite: knownSuite(message.welcome.cipherSuite) };
}

/** @throws MlsError malformed */
export function decodeGroupInfoMessage(bytes: Uint8Array) {
  const message = decodeMessage(bytes);
  if (message.wireformat !== "mls_group_info") throw new MlsError("malformed", "no GroupInfo");
  const { groupInfo } = message;
  return { groupInfo, suite: knownSuite(groupInfo.groupContext.cipherSuite) };
}

/** @throws MlsError malformed */
export function decodeKeyPackageMessage(bytes: Uint8Array) {
  const message = decodeMessage(bytes);
  if (message.wireformat !== "mls_key_package") throw new MlsError("malformed", "no key package");
  return { keyPackage: message.keyPackage, suite: knownSuite(message.keyPackage.cipherSuite) };
}

/** @throws MlsError malformed */
export function knownSuite(name: string): MlsSuite {
  const suite = suiteNamed(name);
  if (suite === undefined) {
    throw new MlsError("malformed", `not of ${SUITE_NAMES.hybrid} or ${SUITE_NAMES.classic}`);
  }
  return suite;
}

/** @throws MlsError malformed: beyond what is counted, and a number would no longer be exact */
export function epochNumber(epoch: bigint): number {
  if (epoch > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new MlsError("malformed", "no group has come to that epoch");
  }
  return Number(epoch);
}

/**
 * What peeking at a sealed message or a commit tells without a key.
 * @returns undefined for anything else
 */
export function peekSealed(bytes: Uint8Array): { groupId: Uint8Array; epoch: number } | undefined {
  try {
    const message = decodeMessage(bytes);
    switch (message.wireformat) {
      case "mls_private_message": {
        const { groupId, epoch } = message.privateMessage;
        return { groupId: groupId.slice(), epoch: epochNumber(epoch) };
      }
      case "mls_public_message": {
        const { groupId, epoch } = message.publicMessage.content;
        return { groupId: groupId.slice(), epoch: epochNumber(epoch) };
      }
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof MlsError) return undefined;
    throw error;
  }
}

/** What a leaf says of its device. @returns undefined unless it has the form of ours */
export function deviceOfLeaf(leaf: {
  readonly credential: { readonly credentialType: string; readonly identity?: Uint8Array };
  readonly signaturePublicKey: Uint8Array;
}): Omit<GroupMember, "leaf"> | undefined {
  const { credential, signaturePublicKey } = leaf;
  if (credential.credentialType !== "basic" || credential.identity === undefined) return undefined;
  if (credential.identity.length !== USER_ID_BYTES) return undefined;
  if (signaturePublicKey.length !== PUBLIC_KEY_BYTES) return undefined;
  return { userId: credential.identity, publicKey: signaturePublicKey };
}

/** @throws MlsError invalid for a leaf that does not have the form of ours */
export function membersOf(tree: RatchetTree): GroupMember[] {
  const members: GroupMember[] = [];
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    const device = deviceOfLeaf(node.leaf);
    if (device === undefined) throw new MlsError("invalid", "a leaf that is no device of ours");
    members.push({ leaf: index / 2, ...device });
  }
  return members;
}

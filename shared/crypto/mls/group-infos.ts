import type { GroupInfo } from "ts-mls";
import { ratchetTreeFromExtension, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { cipherSuites } from "./cipher-suites.ts";
import { checkTree } from "./commit-rules.ts";
import { MlsError, type GroupInfoClaims } from "./mls-types.ts";
import { sameBytes } from "../bytes.ts";
import { decodeGroupInfoMessage, epochNumber, membersOf } from "./wire.ts";

/**
 * What a GroupInfo with ratchet tree says: its tree is the one of its tree hash, and the leaf that
 * it names as its signer has signed it. Whether those devices may be in the group is not asked.
 * @returns undefined where it is no sound one of ours
 */
export async function readGroupInfo(bytes: Uint8Array): Promise<GroupInfoClaims | undefined> {
  try {
    const { groupInfo, suite } = decodeGroupInfoMessage(bytes);
    const { groupContext, confirmationTag } = groupInfo;
    const tree = treeOf(groupInfo);
    const members = membersOf(tree);
    const signer = members.find(({ leaf }) => leaf === groupInfo.signer);
    const { hash, signature } = (await cipherSuites())[suite];
    if (
      signer === undefined ||
      !(await verifyGroupInfoSignature(groupInfo, signer.publicKey, signature)) ||
      !sameBytes(await treeHashRoot(tree, hash), groupContext.treeHash)
    ) {
      return undefined;
    }
    return {
      groupId: groupContext.groupId,
      epoch: epochNumber(groupContext.epoch),
      suite,
      confirmation: confirmationTag,
      members,
    };
  } catch (error) {
    if (error instanceof MlsError) return undefined;
    throw error;
  }
}

/** @throws MlsError malformed, invalid */
export function treeOf(groupInfo: GroupInfo): RatchetTree {
  let tree: RatchetTree | undefined;
  try {
    tree = ratchetTreeFromExtension(groupInfo);
  } catch (cause) {
    throw new MlsError("malformed", "no ratchet tree", { cause });
  }
  return checkTree(tree);
}

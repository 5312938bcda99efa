import type { CiphersuiteImpl, ClientState, PrivateMessage, SecretTree } from "ts-mls";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { decryptSenderData } from "ts-mls/privateMessage.js";
import { KEY_RETENTION } from "./client-config.ts";
import { MlsError, type OpenedMessage } from "./mls-types.ts";
import { membersOf } from "./wire.ts";

/** The present epoch's, in the form in which those of former epochs are kept. */
export function epochKeys(state: ClientState): EpochReceiverData {
  const { groupContext, secretTree, ratchetTree, keySchedule } = state;
  const { senderDataSecret } = keySchedule;
  const resumptionPsk = new Uint8Array(0);
  return { groupContext, secretTree, ratchetTree, senderDataSecret, resumptionPsk };
}

/** Decrypts a message of any type and checks who signed it; nothing is changed. */
export async function unprotect(
  keys: EpochReceiverData,
  message: PrivateMessage,
  cs: CiphersuiteImpl,
) {
  const { senderDataSecret, secretTree, ratchetTree, groupContext } = keys;
  return await unprotectPrivateMessage(
    senderDataSecret,
    message,
    secretTree,
    ratchetTree,
    groupContext,
    KEY_RETENTION,
    cs,
  );
}

/**
 * @returns what the message says, the ratchets without its key, and what of them is used up
 * @throws MlsError used; whatever the library throws
 */
export async function openMessage(
  keys: EpochReceiverData,
  message: PrivateMessage,
  cs: CiphersuiteImpl,
): Promise<{ opened: OpenedMessage; secretTree: SecretTree; consumed: readonly Uint8Array[] }> {
  const { content, tree, consumed } = await unprotect(keys, message, cs).catch(
    async (error: unknown) => {
      const isUsed = await wasUsed(keys, message, cs);
      throw isUsed ? new MlsError("used", "its key was used", { cause: error }) : error;
    },
  );
  if (content.content.contentType !== "application") {
    throw new MlsError("invalid", "no sealed message");
  }
  const { sender, applicationData, authenticatedData } = content.content;
  const leaf = sender.senderType === "member" ? sender.leafIndex : undefined;
  const member = membersOf(keys.ratchetTree).find((candidate) => candidate.leaf === leaf);
  if (member === undefined) throw new MlsError("invalid", "of nobody in the group");
  return {
    opened: { plaintext: applicationData, additional: authenticatedData, sender: member },
    secretTree: tree,
    consumed,
  };
}

/** Whether a message that did not open has a key that is gone: asked only then. */
async function wasUsed(
  { senderDataSecret, secretTree }: EpochReceiverData,
  message: PrivateMessage,
  cs: CiphersuiteImpl,
): Promise<boolean> {
  try {
    const data = await decryptSenderData(message, senderDataSecret, cs);
    const node = data && secretTree[2 * data.leafIndex];
    if (data === undefined || node === undefined) return false;
    const { generation, unusedGenerations } = node.application;
    return data.generation < generation && unusedGenerations[data.generation] === undefined;
  } catch {
    // Not even the sender can be read: it is broken, and the first error says so.
    return false;
  }
}

import type { CiphersuiteImpl, ClientState, PrivateMessage } from "ts-mls";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { KEY_RETENTION } from "./client-config.ts";

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

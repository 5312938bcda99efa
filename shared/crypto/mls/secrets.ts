import { allSecretTreeValues } from "ts-mls/secretTree.js";
import type { SavedState } from "./group-records.ts";

/** Overwrites the secrets of a state that another one, which follows it, does not share. */
export function overwriteSecrets(former: SavedState, present: SavedState): void {
  const kept = new Set(secretsOf(present));
  for (const secret of secretsOf(former)) {
    if (!kept.has(secret)) secret.fill(0);
  }
}

function* secretsOf(state: SavedState): Iterable<Uint8Array> {
  yield* allSecretTreeValues(state.secretTree);
  for (const { secretTree, senderDataSecret } of state.historicalReceiverData.values()) {
    yield senderDataSecret;
    yield* allSecretTreeValues(secretTree);
  }
  yield* Object.values(state.privatePath.privateKeys);
  const { senderDataSecret, exporterSecret, externalSecret, confirmationKey } = state.keySchedule;
  yield* [senderDataSecret, exporterSecret, externalSecret, confirmationKey];
  const { membershipKey, resumptionPsk, epochAuthenticator, initSecret } = state.keySchedule;
  yield* [membershipKey, resumptionPsk, epochAuthenticator, initSecret];
}

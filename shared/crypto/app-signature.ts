import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** What an app's own server permits: a session, a conversation, people more or fewer in it. */
export type AppAction = "open" | "start" | "invite" | "kick";

export interface AppPermission {
  readonly appId: string;
  readonly action: AppAction;
  /** Who does it. */
  readonly clientId: string;
  /** Empty for `open`, and for `start` of a conversation that has none yet. */
  readonly conversationId: string;
  /** Client ids of those it is done with; the order does not matter. */
  readonly members: readonly string[];
  /** ms since the epoch, by the signer's clock. */
  readonly timestamp: number;
  /** Random, good once: 16 to 64 characters. */
  readonly nonce: string;
}

/** Bytes of a signature. */
export const APP_SIGNATURE_BYTES = 32;

const DOMAIN = "beeline app signature v1";

/**
 * The text that is signed: a JSON array (RFC 8259) without white space, the members sorted by UTF-16
 * code units, so that a signing server in any language makes the same.
 */
export function appPermissionText(permission: AppPermission): string {
  const { action, appId, clientId, conversationId, members, nonce, timestamp } = permission;
  return JSON.stringify([
    DOMAIN,
    appId,
    action,
    clientId,
    conversationId,
    members.toSorted(),
    timestamp,
    nonce,
  ]);
}

/** HMAC-SHA-256 (RFC 2104) over the text in UTF-8. @param masterKey the app's, known to its server alone */
export function signAppPermission(masterKey: Uint8Array, permission: AppPermission): Uint8Array {
  return hmac(sha256, masterKey, utf8ToBytes(appPermissionText(permission)));
}

/** In a time that does not tell how much of it is right. */
export function isAppSignature(
  masterKey: Uint8Array,
  permission: AppPermission,
  signature: Uint8Array,
): boolean {
  const right = signAppPermission(masterKey, permission);
  if (signature.length !== right.length) return false;
  let difference = 0;
  for (const [at, byte] of right.entries()) difference |= byte ^ (signature[at] ?? 0);
  return difference === 0;
}

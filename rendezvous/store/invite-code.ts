import { createHash, randomBytes } from "node:crypto";
import { base32crockford } from "@scure/base";

/** 80 bits: nobody guesses one. */
const CODE_BYTES = 10;

/** How many characters of a code name it in lists and in the audit log. */
const LABEL_LENGTH = 4;

/** A new invitation code: 16 characters of Crockford's base 32 in groups of four. */
export function newInviteCode(): string {
  const letters = base32crockford.encode(randomBytes(CODE_BYTES)).toLowerCase();
  return letters.replaceAll(/(.{4})(?=.)/g, "$1-");
}

/** As it is kept: SHA-256, 32 bytes, of the code however it was typed. */
export function inviteCodeHash(code: string): Uint8Array {
  return createHash("sha256").update(plain(code)).digest();
}

/**
 * The part of a code that may be shown and logged: the rest keeps 60 bits secret. Letters and digits
 * only: what a stranger sends for a code ends up on the administrator's terminal.
 */
export function inviteLabel(code: string): string {
  return plain(code)
    .slice(0, LABEL_LENGTH)
    .replaceAll(/[^0-9a-z]/g, "?");
}

/** Letters that look alike are one (Crockford): O is 0, I and L are 1. Dashes and spaces are none. */
function plain(code: string): string {
  return code.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("o", "0").replaceAll(/[il]/g, "1");
}

import { createHash, randomBytes } from "node:crypto";

/** A new session's token: 32 random bytes as base64url. A secret of the client's. */
export function newSessionToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What the server keeps of it. A plain hash will do: the token cannot be guessed. */
export function hashSessionToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

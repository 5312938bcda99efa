import { createHmac } from "node:crypto";
import type { UserId } from "../../shared/protocol/index.ts";

/** A TURN service that the administrator has named, coturn with `use-auth-secret`. */
export interface TurnService {
  readonly uris: readonly string[];
  /** coturn's `static-auth-secret`. */
  readonly secret: string;
  /** How long credentials are good. */
  readonly ttlMs: number;
}

export interface TurnCredentials {
  readonly username: string;
  readonly credential: string;
}

/**
 * Credentials that coturn takes until they expire ("A REST API For Access To TURN Services",
 * draft-uberti-behave-turn-rest-00 §2.2): the end in Unix seconds and who it is, and a base64
 * HMAC-SHA1 over it, under the secret that both servers share.
 * @param now ms since the Unix epoch
 */
export function turnCredentials(
  { secret, ttlMs }: TurnService,
  userId: UserId,
  now: number,
): TurnCredentials {
  const username = `${Math.ceil((now + ttlMs) / 1000)}:${userId}`;
  const credential = createHmac("sha1", secret).update(username).digest("base64");
  return { username, credential };
}

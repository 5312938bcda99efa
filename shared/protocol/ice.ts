import * as v from "valibot";
import * as limits from "./limits.ts";

/** Of TURN (RFC 7065 §3.1): `turn:host`, `turns:host:port?transport=tcp`; IPv6 in brackets. */
export const TurnUri = v.pipe(
  v.string(),
  v.maxLength(limits.MAX_TURN_URI_LENGTH),
  v.regex(
    /^turns?:(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i,
    "an address like turn:turn.example.org:3478?transport=udp",
  ),
);

/** What ICE (RFC 8445) may ask beside the other device: all of it is the administrator's choice. */
export const IceServers = v.object({
  /**
   * UDP port at which the server answers STUN, on the host by which the client has reached it: only
   * the client knows that name. Absent where it does not.
   */
  stunPort: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
  /** One TURN service, with credentials for this account. */
  turn: v.exactOptional(
    v.object({
      uris: v.pipe(v.array(TurnUri), v.minLength(1), v.maxLength(limits.MAX_TURN_URIS)),
      username: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.MAX_TURN_CREDENTIAL_LENGTH)),
      credential: v.pipe(
        v.string(),
        v.minLength(1),
        v.maxLength(limits.MAX_TURN_CREDENTIAL_LENGTH),
      ),
    }),
  ),
  /** How long this is good, from the answer on. */
  ttlMs: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(limits.MIN_ICE_TTL_MS),
    v.maxValue(limits.MAX_ICE_TTL_MS),
  ),
});
export type IceServers = v.InferOutput<typeof IceServers>;

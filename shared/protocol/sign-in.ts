import * as v from "valibot";
import { Base64 } from "./model.ts";
import * as limits from "./limits.ts";

/** A message of OPAQUE (RFC 9807) in base64url without padding, as the library gives it. */
export const OpaqueMessage = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(limits.MAX_OPAQUE_MESSAGE_LENGTH),
  v.regex(/^[A-Za-z0-9_-]+$/, "base64url"),
);

/** 32 random bytes of the server's, good for one proof on the connection that asked. */
export const Challenge = v.pipe(v.string(), v.base64(), v.length(44));

/** An Ed25519 signature (RFC 8032), 64 bytes. */
export const Signature = v.pipe(v.string(), v.base64(), v.length(88));

/** One statement of an account's device list, `DEVICE_STATEMENT_BYTES` bytes (SPEC I). */
export const DeviceStatementBytes = v.pipe(Base64, v.length(384));

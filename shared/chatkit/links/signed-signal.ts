import type { DeviceId, LinkId, PeerSignal, Signal } from "../../protocol/index.ts";
import {
  decodeBase64,
  encodeBase64,
  linkDescriptionMessage,
  sign,
  verify,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { idBytes } from "../trust/device-id.ts";

/** The way of a signal. */
export interface SignalRoute {
  readonly linkId: LinkId;
  readonly from: DeviceId;
  readonly to: DeviceId;
}

type Description = Extract<Signal, { type: "offer" | "answer" }>;

/** The signal with the sender's signature, where it describes a session (SPEC I11). */
export function signedSignal(keys: IdentityKeys, route: SignalRoute, signal: PeerSignal): Signal {
  if (signal.type === "candidate") return signal;
  const signature = encodeBase64(sign(keys, messageOf(route, signal)));
  return { ...signal, signature };
}

/** Did that device sign this description, for this attempt and for that recipient? */
export function isGenuine(publicKey: Uint8Array, route: SignalRoute, signal: Description): boolean {
  return verify(publicKey, messageOf(route, signal), bytesOf(signal.signature));
}

/** What WebRTC gets of it. */
export function withoutSignature({ type, sdp }: Description): PeerSignal {
  return { type, sdp };
}

function messageOf(
  { linkId, from, to }: SignalRoute,
  { type, sdp }: Pick<Description, "type" | "sdp">,
): Uint8Array {
  return linkDescriptionMessage({
    linkId: idBytes(linkId),
    from: idBytes(from),
    to: idBytes(to),
    type,
    sdp,
  });
}

function bytesOf(signature: string): Uint8Array {
  try {
    return decodeBase64(signature);
  } catch {
    // Base64 whose last bits are not zero: no signature is written so.
    return new Uint8Array();
  }
}

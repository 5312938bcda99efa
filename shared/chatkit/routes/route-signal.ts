import type { DeviceId, Signal, UserId } from "../../protocol/index.ts";
import {
  decodeBase64,
  encodeBase64,
  routeMessage,
  sign,
  verify,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { idBytes } from "../trust/device-id.ts";
import type { DatedPolicy } from "./route-rule.ts";

export type RouteSignal = Extract<Signal, { type: "route" }>;

/** From which device to which. */
export interface RouteEnds {
  readonly from: DeviceId;
  readonly to: DeviceId;
}

/** @param about the person towards whom it holds, where `to` is a device of one's own (SPEC R2) */
export function routeSignal(
  keys: IdentityKeys,
  ends: RouteEnds,
  { policy, at }: DatedPolicy,
  about?: UserId,
): RouteSignal {
  const said = { policy, at, ...(about === undefined ? {} : { about }) };
  return { type: "route", ...said, signature: encodeBase64(sign(keys, messageOf(ends, said))) };
}

/** Did that device say so, to that recipient? */
export function isGenuineRoute(
  publicKey: Uint8Array,
  ends: RouteEnds,
  signal: RouteSignal,
): boolean {
  let signature: Uint8Array;
  try {
    signature = decodeBase64(signal.signature);
  } catch {
    // Base64 whose last bits are not zero: no signature is written so.
    return false;
  }
  return verify(publicKey, messageOf(ends, signal), signature);
}

function messageOf(
  { from, to }: RouteEnds,
  { policy, at, about }: Pick<RouteSignal, "policy" | "at" | "about">,
): Uint8Array {
  return routeMessage({
    from: idBytes(from),
    to: idBytes(to),
    policy,
    at,
    ...(about === undefined ? {} : { about: idBytes(about) }),
  });
}

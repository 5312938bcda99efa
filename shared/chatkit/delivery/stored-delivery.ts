import * as v from "valibot";
import type {
  DeliveryState,
  FailureReason,
  Path,
  PathReason,
  WaitReason,
} from "./delivery-state.ts";

/** Every member of a union of texts, so that the compiler finds one that is missing. */
type AllOf<T extends string> = { readonly [K in T]: K };

const paths = {
  direct: "direct",
  relayed: "relayed",
  stored: "stored",
} as const satisfies AllOf<Path>;

const pathReasons = {
  "link-open": "link-open",
  "link-opening": "link-opening",
  "link-failed": "link-failed",
  "link-lost": "link-lost",
  "no-webrtc": "no-webrtc",
  "link-slow": "link-slow",
  "own-policy": "own-policy",
  "peer-policy": "peer-policy",
  "link-limit": "link-limit",
  offline: "offline",
  unreachable: "unreachable",
  "no-buddy": "no-buddy",
} as const satisfies AllOf<PathReason>;

const waitReasons = {
  "server-unreachable": "server-unreachable",
  sending: "sending",
  securing: "securing",
  "mailbox-full": "mailbox-full",
  "rate-limited": "rate-limited",
  "own-policy": "own-policy",
  "peer-policy": "peer-policy",
  "policies-exclude": "policies-exclude",
} as const satisfies AllOf<WaitReason>;

const failureReasons = {
  expired: "expired",
  "not-buddies": "not-buddies",
  "no-devices": "no-devices",
  "not-member": "not-member",
  "mailbox-full": "mailbox-full",
  "too-large": "too-large",
  refused: "refused",
} as const satisfies AllOf<FailureReason>;

export const StoredPath = v.enum(paths);
export const StoredPathReason = v.enum(pathReasons);

const way = { path: StoredPath, reason: StoredPathReason };

/** What a file or a database says of a message's delivery. */
export const StoredDelivery = v.variant("state", [
  v.object({ state: v.literal("received"), path: StoredPath }),
  v.object({ state: v.literal("queued"), waiting: v.enum(waitReasons) }),
  v.object({ state: v.literal("sent"), ...way }),
  v.object({ state: v.literal("delivered"), ...way, at: v.number() }),
  v.object({ state: v.literal("read"), ...way, at: v.number() }),
  v.object({ state: v.literal("failed"), reason: v.enum(failureReasons) }),
]) satisfies v.GenericSchema<DeliveryState>;

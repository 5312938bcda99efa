import * as v from "valibot";
import { DeviceId, LinkId, UserId } from "./ids.ts";
import { MAX_SIGNAL_BYTES } from "./limits.ts";
import { RoutePolicy, Timestamp } from "./model.ts";
import { Signature } from "./sign-in.ts";

/** An SDP body (RFC 8866). Begins with its version line; simple-peer would die of anything else. */
const Sdp = v.pipe(v.string(), v.startsWith("v=0"), v.maxLength(MAX_SIGNAL_BYTES));

/** One candidate-attribute line (RFC 8839 §5.1), or empty for the end of candidates. */
const CandidateLine = v.pipe(
  v.string(),
  v.maxLength(1024),
  v.regex(/^(?:candidate:[^\r\n]*)?$/, "not a candidate line"),
);

const Candidate = v.object({
  type: v.literal("candidate"),
  candidate: CandidateLine,
  sdpMid: v.nullable(v.pipe(v.string(), v.maxLength(64))),
  sdpMLineIndex: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
});

/** What one end of a WebRTC connection has to tell the other (RFC 8829). */
export const PeerSignal = v.variant("type", [
  v.object({ type: v.literal("offer"), sdp: Sdp }),
  v.object({ type: v.literal("answer"), sdp: Sdp }),
  Candidate,
]);
export type PeerSignal = v.InferOutput<typeof PeerSignal>;

/**
 * What two devices tell each other through the server to open a direct link. `signature` is the
 * sending device's, over `linkDescriptionMessage` (SPEC I11): the description has the fingerprint of
 * the DTLS certificate.
 */
export const Signal = v.variant("type", [
  v.object({ type: v.literal("offer"), sdp: Sdp, signature: Signature }),
  v.object({ type: v.literal("answer"), sdp: Sdp, signature: Signature }),
  Candidate,
  /** The device with the smaller id offers; the other asks it to with this. */
  v.object({ type: v.literal("request") }),
  /**
   * This attempt is over, or the link is being closed on purpose. `route`: the route policy of one of
   * the two forbids it.
   */
  v.object({ type: v.literal("bye"), reason: v.exactOptional(v.literal("route")) }),
  /**
   * The sending account's route policy towards the receiving one, since `at` (ms, by the clock of the
   * device where it was chosen; it only grows). Told to a device of the same account it names whom it
   * is `about`. `signature` is over `routeMessage` (SPEC R2). `linkId` says nothing here.
   */
  v.object({
    type: v.literal("route"),
    policy: RoutePolicy,
    at: Timestamp,
    about: v.exactOptional(UserId),
    signature: Signature,
  }),
]);
export type Signal = v.InferOutput<typeof Signal>;

export const OutgoingSignal = v.object({ to: DeviceId, linkId: LinkId, signal: Signal });
export type OutgoingSignal = v.InferOutput<typeof OutgoingSignal>;

export const IncomingSignal = v.object({
  from: v.object({ userId: UserId, deviceId: DeviceId }),
  linkId: LinkId,
  signal: Signal,
});
export type IncomingSignal = v.InferOutput<typeof IncomingSignal>;

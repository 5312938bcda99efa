import * as v from "valibot";
import { DeviceId, LinkId, UserId } from "./ids.ts";
import { MAX_SIGNAL_BYTES } from "./limits.ts";

/** An SDP body (RFC 8866). Begins with its version line; simple-peer would die of anything else. */
const Sdp = v.pipe(v.string(), v.startsWith("v=0"), v.maxLength(MAX_SIGNAL_BYTES));

/** One candidate-attribute line (RFC 8839 §5.1), or empty for the end of candidates. */
const CandidateLine = v.pipe(
  v.string(),
  v.maxLength(1024),
  v.regex(/^(?:candidate:[^\r\n]*)?$/, "not a candidate line"),
);

/** What two devices tell each other through the server to open a direct link (RFC 8829). */
export const Signal = v.variant("type", [
  v.object({ type: v.literal("offer"), sdp: Sdp }),
  v.object({ type: v.literal("answer"), sdp: Sdp }),
  v.object({
    type: v.literal("candidate"),
    candidate: CandidateLine,
    sdpMid: v.nullable(v.pipe(v.string(), v.maxLength(64))),
    sdpMLineIndex: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
  }),
  /** The device with the smaller id offers; the other asks it to with this. */
  v.object({ type: v.literal("request") }),
  /** This attempt is over, or the link is being closed on purpose. */
  v.object({ type: v.literal("bye") }),
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

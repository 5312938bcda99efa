import * as v from "valibot";
import { RoutePolicy } from "./model.ts";

/** Larger ones are not opened: a report has some 200 bytes, and room to grow. */
export const MAX_EXAMINATION_BYTES = 4096;

/** Chosen by who asks, and given back. */
const ExaminationId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

const RoundTrip = v.pipe(v.number(), v.finite(), v.minValue(0));

/** What one end finds out about its own network, as it tells the other: no address is in it. */
const NetworkSurvey = v.object({
  server: v.variant("state", [
    v.object({ state: v.literal("ok"), roundTripMs: RoundTrip }),
    v.object({ state: v.literal("down") }),
  ]),
  udp: v.picklist(["ok", "blocked", "none", "no-webrtc"]),
  turn: v.picklist(["ok", "failed", "none", "no-webrtc"]),
  multicast: v.picklist(["starting", "working", "unheard", "failed", "none"]),
  policy: RoutePolicy,
});

/**
 * What two devices say to each other about their networks, as JSON, sealed for the pair, in a
 * `sealed` control frame. A type or a version that is unknown is ignored, and so is an unknown field.
 */
export const ExaminationMessage = v.variant("type", [
  /** Look at your network, and tell me. */
  v.object({ version: v.literal(1), type: v.literal("examine"), id: ExaminationId }),
  v.object({
    version: v.literal(1),
    type: v.literal("report"),
    id: ExaminationId,
    survey: NetworkSurvey,
  }),
]);
export type ExaminationMessage = v.InferOutput<typeof ExaminationMessage>;

import * as v from "valibot";
import type { CandidatePair } from "../../shared/chatkit/ports.ts";

const kinds = ["host", "srflx", "prflx", "relay"] as const;

/** What is used of the reports of `RTCPeerConnection.getStats` (W3C webrtc-stats §8). */
const Transport = v.object({
  type: v.literal("transport"),
  selectedCandidatePairId: v.string(),
});
const Pair = v.object({
  type: v.literal("candidate-pair"),
  id: v.string(),
  localCandidateId: v.string(),
  remoteCandidateId: v.string(),
  state: v.optional(v.string()),
  nominated: v.optional(v.boolean()),
  /** Firefox's; it has no transport report. */
  selected: v.optional(v.boolean()),
});
const Candidate = v.object({
  id: v.string(),
  candidateType: v.picklist(kinds),
  protocol: v.optional(v.picklist(["udp", "tcp"]), "udp"),
  /** How this end speaks to its TURN server. */
  relayProtocol: v.optional(v.string()),
  address: v.nullish(v.string()),
  /** Its older name. */
  ip: v.nullish(v.string()),
});
type Pair = v.InferOutput<typeof Pair>;

/**
 * The pair that a connection goes by, out of the reports of its statistics. Browsers and `wrtc`
 * name it in different ways; undefined where none of them is found.
 */
export function selectedPairOf(reports: readonly unknown[]): CandidatePair | undefined {
  const pair = selected(reports);
  if (pair === undefined) return undefined;
  const candidates = parsed(Candidate, reports);
  const local = candidates.find(({ id }) => id === pair.localCandidateId);
  const remote = candidates.find(({ id }) => id === pair.remoteCandidateId);
  if (local === undefined || remote === undefined) return undefined;
  const { candidateType, protocol, relayProtocol } = local;
  const byTcp = candidateType === "relay" && (relayProtocol === "tcp" || relayProtocol === "tls");
  // Chromium hides the address of a `.local` candidate: it is empty then.
  const remoteAddress = (remote.address ?? "") === "" ? remote.ip : remote.address;
  return {
    local: candidateType,
    remote: remote.candidateType,
    protocol: byTcp ? "tcp" : protocol,
    ...(remoteAddress ? { remoteAddress } : {}),
  };
}

function selected(reports: readonly unknown[]): Pair | undefined {
  const pairs = parsed(Pair, reports);
  const named = new Set(
    parsed(Transport, reports).map(({ selectedCandidatePairId }) => selectedCandidatePairId),
  );
  return (
    pairs.find(({ id }) => named.has(id)) ??
    pairs.find((pair) => pair.selected === true) ??
    pairs.find(({ nominated, state }) => nominated === true && state === "succeeded")
  );
}

function parsed<const Schema extends v.GenericSchema>(
  schema: Schema,
  reports: readonly unknown[],
): v.InferOutput<Schema>[] {
  return reports.flatMap((report) => {
    const result = v.safeParse(schema, report);
    return result.success ? [result.output] : [];
  });
}

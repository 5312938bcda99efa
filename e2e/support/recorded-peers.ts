import type { PeerChannel, PeerConnector, PeerSignal } from "../../shared/chatkit/ports.ts";

/** RFC 8839 §5.1. */
export type CandidateType = "host" | "srflx" | "relay";

/** Notes what a host's WebRTC was given, and told the other side. */
export class RecordedPeers implements PeerConnector {
  readonly options: Parameters<PeerConnector["create"]>[0][] = [];
  readonly signals: PeerSignal[] = [];
  /** The only type of candidates that is told: on one machine, host ones would open every link. */
  tellsOnly: CandidateType | undefined;
  readonly #peers: PeerConnector;

  constructor(peers: PeerConnector) {
    this.#peers = peers;
  }

  candidates(type: CandidateType): string[] {
    return this.signals
      .map((signal) => (signal.type === "candidate" ? signal.candidate : ""))
      .filter((candidate) => isOfType(candidate, type));
  }

  #isTold(signal: PeerSignal): boolean {
    if (this.tellsOnly === undefined || signal.type !== "candidate") return true;
    return isOfType(signal.candidate, this.tellsOnly);
  }

  create(...[options, handlers]: Parameters<PeerConnector["create"]>): PeerChannel {
    this.options.push(options);
    return this.#peers.create(options, {
      onSignal: (signal) => {
        this.signals.push(signal);
        if (this.#isTold(signal)) handlers.onSignal(signal);
      },
      onGathered: () => handlers.onGathered?.(),
      onOpen: () => handlers.onOpen(),
      onMessage: (bytes) => handlers.onMessage(bytes),
      onDrain: () => handlers.onDrain(),
      onClose: (error) => handlers.onClose(error),
    });
  }
}

function isOfType(candidate: string, type: CandidateType): boolean {
  return candidate.includes(` typ ${type}`);
}

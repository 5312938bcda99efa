import type { PeerChannel, PeerConnector, PeerSignal } from "../../shared/chatkit/ports.ts";

/** Notes what a host's WebRTC was given, and told the other side. */
export class RecordedPeers implements PeerConnector {
  readonly options: Parameters<PeerConnector["create"]>[0][] = [];
  readonly signals: PeerSignal[] = [];
  readonly #peers: PeerConnector;

  constructor(peers: PeerConnector) {
    this.#peers = peers;
  }

  /** Candidates of that type (RFC 8839 §5.1): host, srflx, relay. */
  candidates(type: string): string[] {
    return this.signals
      .map((signal) => (signal.type === "candidate" ? signal.candidate : ""))
      .filter((candidate) => candidate.includes(` typ ${type}`));
  }

  create(...[options, handlers]: Parameters<PeerConnector["create"]>): PeerChannel {
    this.options.push(options);
    return this.#peers.create(options, {
      onSignal: (signal) => {
        this.signals.push(signal);
        handlers.onSignal(signal);
      },
      onOpen: () => handlers.onOpen(),
      onMessage: (bytes) => handlers.onMessage(bytes),
      onDrain: () => handlers.onDrain(),
      onClose: (error) => handlers.onClose(error),
    });
  }
}

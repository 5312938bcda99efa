import type { PeerChannel, PeerConnector, PeerHandlers } from "../shared/chatkit/ports.ts";

/**
 * Direct links through a firewall that can be closed: while it is, frames vanish in both
 * directions without a word to either end, and what is not open by then never opens.
 */
export class CuttablePeers implements PeerConnector {
  readonly #peers: PeerConnector;
  readonly #opening = new Set<{ dead: boolean }>();
  #cut = false;

  constructor(peers: PeerConnector) {
    this.#peers = peers;
  }

  cut(): void {
    this.#cut = true;
    for (const attempt of this.#opening) attempt.dead = true;
    this.#opening.clear();
  }

  restore(): void {
    this.#cut = false;
  }

  create(...[options, handlers]: Parameters<PeerConnector["create"]>): PeerChannel {
    const attempt = { dead: this.#cut };
    if (!this.#cut) this.#opening.add(attempt);
    const silent = (): boolean => this.#cut || attempt.dead;
    const filtered: PeerHandlers = {
      onSignal: (signal) => silent() || handlers.onSignal(signal),
      onGathered: () => silent() || handlers.onGathered?.(),
      onOpen: () => {
        this.#opening.delete(attempt);
        if (!attempt.dead) handlers.onOpen();
      },
      onMessage: (bytes) => silent() || handlers.onMessage(bytes),
      onDrain: () => attempt.dead || handlers.onDrain(),
      onClose: (error) => {
        this.#opening.delete(attempt);
        handlers.onClose(error);
      },
    };
    const channel = this.#peers.create(options, filtered);
    return {
      signal: (signal) => silent() || channel.signal(signal),
      send: (bytes) => silent() || channel.send(bytes),
      get bufferedAmount() {
        return channel.bufferedAmount;
      },
      selectedPair: () => channel.selectedPair(),
      close: () => channel.close(),
    };
  }
}

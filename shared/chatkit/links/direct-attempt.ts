import type { LinkId, PeerSignal } from "../../protocol/index.ts";
import type { LinkCloseReason, LinkHandlers, LinkPeer } from "../link.ts";
import type { IceServer, PeerChannel, PeerConnector, Ports, Timer } from "../ports.ts";
import { DIRECT_OPEN_TIMEOUT_MS } from "../limits.ts";
import { DirectLink } from "./direct-link.ts";
import { isLanAddress, lanSignal } from "./lan-signal.ts";

/** Signals of the other side that one attempt takes: a description and its candidates. */
export const MAX_SIGNALS = 64;

/** `route`: a route policy forbids it. */
export interface Bye {
  readonly type: "bye";
  readonly reason?: "route";
}

export interface DirectAttemptOptions {
  readonly peer: LinkPeer;
  readonly linkId: LinkId;
  readonly initiator: boolean;
  /** Between private addresses alone, and without the help of any server. */
  readonly lanOnly: boolean;
  readonly connector: PeerConnector;
  readonly iceServers: readonly IceServer[];
  readonly ports: Pick<Ports, "clock" | "log">;
  readonly linkHandlers: Pick<LinkHandlers, "onSent" | "onFrame" | "onDrain" | "onRoom">;
  readonly send: (signal: PeerSignal | Bye) => void;
  readonly onOpen: (attempt: DirectAttempt) => void;
  /** Exactly once, opened or not. */
  readonly onEnd: (attempt: DirectAttempt, reason: LinkCloseReason) => void;
}

/** One direct link from its first signal to its end. Its `LinkId` keeps other attempts' signals out. */
export class DirectAttempt {
  readonly peer: LinkPeer;
  readonly linkId: LinkId;
  readonly initiator: boolean;
  readonly lanOnly: boolean;
  readonly startedAt: number;
  readonly link: DirectLink;
  /** Time from the first signal to the open link, once it is open. */
  openedInMs: number | undefined;
  /** Monotonic, ms. */
  openedAt: number | undefined;
  /** The other side's description came: it takes part in this attempt. */
  described = false;
  readonly #options: DirectAttemptOptions;
  readonly #channel: PeerChannel;
  readonly #timeout: Timer;
  #signals = 0;
  #ended = false;

  constructor(options: DirectAttemptOptions) {
    const { peer, linkId, initiator, lanOnly, ports, linkHandlers } = options;
    this.peer = peer;
    this.linkId = linkId;
    this.initiator = initiator;
    this.lanOnly = lanOnly;
    this.startedAt = ports.clock.monotonic();
    this.#options = options;
    this.#timeout = ports.clock.setTimer(() => {
      ports.log.info("direct link did not open in time", { device: peer.deviceId });
      this.end("failed");
    }, DIRECT_OPEN_TIMEOUT_MS);
    this.#channel = options.connector.create(
      { initiator, iceServers: lanOnly ? [] : options.iceServers },
      {
        onSignal: (signal) => {
          const permitted = this.#permitted(signal);
          if (!this.#ended && permitted !== undefined) options.send(permitted);
        },
        onOpen: () => (lanOnly ? void this.#openedOnLan() : this.#opened()),
        onMessage: (bytes) => this.link.receive(bytes),
        onDrain: () => this.link.drained(),
        onClose: (error) => this.#channelClosed(error),
      },
    );
    this.link = new DirectLink(peer, this.#channel, {
      onSent: (link, frame) => linkHandlers.onSent(link, frame),
      onFrame: (link, frame) => linkHandlers.onFrame(link, frame),
      onDrain: (link) => linkHandlers.onDrain(link),
      onRoom: (link) => linkHandlers.onRoom?.(link),
      onClose: (_, reason) => this.#end(reason),
    });
  }

  get open(): boolean {
    return this.openedInMs !== undefined && !this.#ended;
  }

  /** It offered, and the other side has not answered yet. */
  get awaitsAnswer(): boolean {
    return this.initiator && !this.described && !this.#ended;
  }

  /** A signal of this attempt; one that has no place in it is dropped. */
  signal(signal: PeerSignal): void {
    if (this.#ended || !this.#expects(signal)) return;
    this.#signals += 1;
    if (signal.type !== "candidate") this.described = true;
    const permitted = this.#permitted(signal);
    if (permitted !== undefined) this.#channel.signal(permitted);
  }

  /** Ends it, for the other side too unless that is where it ended. */
  end(reason: LinkCloseReason): void {
    this.link.end(reason);
  }

  #permitted(signal: PeerSignal): PeerSignal | undefined {
    return this.lanOnly ? lanSignal(signal) : signal;
  }

  /** What neither end named may have been found on the way (RFC 8445 §7.3.1.3). */
  async #openedOnLan(): Promise<void> {
    const address = (await this.#channel.selectedPair())?.remoteAddress;
    if (address === undefined || isLanAddress(address)) return this.#opened();
    this.#options.ports.log.info("direct link left the local network", {
      device: this.peer.deviceId,
    });
    this.end("failed");
  }

  #expects(signal: PeerSignal): boolean {
    if (this.#signals >= MAX_SIGNALS) return false;
    if (signal.type === "candidate") return true;
    // One description each way: simple-peer would die of a second one.
    return !this.described && this.initiator === (signal.type === "answer");
  }

  #opened(): void {
    if (this.#ended || this.openedInMs !== undefined) return;
    this.#timeout.cancel();
    this.openedAt = this.#options.ports.clock.monotonic();
    this.openedInMs = this.openedAt - this.startedAt;
    this.#options.onOpen(this);
  }

  #channelClosed(error: Error | undefined): void {
    if (error !== undefined && !this.#ended) {
      this.#options.ports.log.info("direct link failed", { device: this.peer.deviceId, error });
    }
    this.end(error === undefined ? "closed-by-peer" : "failed");
  }

  #end(reason: LinkCloseReason): void {
    this.#ended = true;
    this.#timeout.cancel();
    if (reason === "forbidden") this.#options.send({ type: "bye", reason: "route" });
    else if (reason !== "closed-by-peer") this.#options.send({ type: "bye" });
    this.#options.onEnd(this, reason);
  }
}

import { isFileFrame, isLinkControl, type DeviceId } from "../../protocol/index.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { Ports } from "../ports.ts";
import { DirectLink } from "./direct-link.ts";
import { FloodGate } from "./flood-gate.ts";
import { LinkLedger } from "./link-ledger.ts";
import { LinkLife } from "./link-life.ts";
import { LinkMeter } from "./link-meter.ts";
import { LinkPings } from "./link-pings.ts";

export interface LinkWatchOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
  /** The open direct link, slow or not. */
  readonly direct: (device: DeviceId) => Link | undefined;
  /** @throws where there is none and none can be opened */
  readonly relay: (peer: LinkPeer) => Promise<Link>;
  /** An envelope came. */
  readonly onFrame: (link: Link, frame: Uint8Array) => void;
  readonly onSealed: (link: Link, sealed: Uint8Array) => void;
  readonly onFileFrame: (link: Link, frame: Uint8Array) => void;
  /** It was asked for: the gate lets it through. */
  readonly expects: (link: Link, frame: Uint8Array) => boolean;
  /** A round trip was measured, ms. */
  readonly onPong: (link: Link, roundTripMs: number) => void;
  /** The figures of that device changed; at most once a second. */
  readonly onFigures: (peer: LinkPeer) => void;
  readonly onSlow: (link: Link) => void;
  readonly onSilent: (link: Link) => void;
  readonly onFlood: (link: Link) => void;
}

/** All that passes over links goes by here: it is counted, timed and kept within bounds (SPEC L). */
export class LinkWatch {
  readonly ledger: LinkLedger;
  readonly pings: LinkPings;
  readonly life: LinkLife;
  readonly meter: LinkMeter;
  readonly #options: LinkWatchOptions;
  /** Of open direct links. The server bounds what comes by relay. */
  readonly #gates = new Map<Link, FloodGate>();

  constructor(options: LinkWatchOptions) {
    this.#options = options;
    const { ports, direct, relay, onSealed, onPong, onSilent } = options;
    this.ledger = new LinkLedger(ports.clock, options.onFigures);
    const ping = (link: Link): Promise<number> => this.pings.ping(link);
    this.pings = new LinkPings({ ports, onPong, onSealed });
    this.life = new LinkLife({ ports, ping, onSilent });
    this.meter = new LinkMeter({
      ports,
      direct,
      relay,
      ping,
      probe: (link, withinMs) => this.life.probe(link, withinMs),
      onChange: options.onSlow,
    });
  }

  sent(link: Link, frame: Uint8Array): void {
    this.ledger.note(link.peer, (figures) => {
      figures.bytesSent += frame.length;
    });
    if (!isLinkControl(frame)) this.meter.used(link.peer);
  }

  arrived(link: Link, frame: Uint8Array): void {
    this.life.heard(link);
    this.ledger.note(link.peer, (figures) => {
      figures.bytesReceived += frame.length;
    });
    const isGated =
      link.kind === "direct" && !(isFileFrame(frame) && this.#options.expects(link, frame));
    if (isGated) this.#gate(link).take(frame);
    else this.#deliver(link, frame);
  }

  /** A direct link opened. */
  opened(link: Link): void {
    this.ledger.note(link.peer, (figures) => {
      figures.pair = undefined;
    });
    void this.askForPair(link);
    this.life.prove(link);
  }

  closed(link: Link): void {
    this.#gates.get(link)?.end();
    this.#gates.delete(link);
    this.life.forget(link);
    this.meter.forget(link);
    this.pings.forget(link);
  }

  /** What a direct link goes by may change while it is open. */
  async askForPair(link: Link): Promise<void> {
    if (!(link instanceof DirectLink)) return;
    const pair = await link.selectedPair();
    if (pair === undefined || this.#options.direct(link.peer.deviceId) !== link) return;
    this.ledger.note(link.peer, (figures) => {
      figures.pair = pair;
    });
  }

  close(): void {
    this.ledger.close();
  }

  #gate(link: Link): FloodGate {
    const known = this.#gates.get(link);
    if (known !== undefined) return known;
    const gate = new FloodGate({
      clock: this.#options.ports.clock,
      deliver: (frame) => this.#deliver(link, frame),
      onFlood: () => this.#options.onFlood(link),
    });
    this.#gates.set(link, gate);
    return gate;
  }

  #deliver(link: Link, frame: Uint8Array): void {
    if (isFileFrame(frame)) return this.#options.onFileFrame(link, frame);
    if (isLinkControl(frame)) return this.pings.take(link, frame);
    this.meter.used(link.peer);
    this.#options.onFrame(link, frame);
  }
}

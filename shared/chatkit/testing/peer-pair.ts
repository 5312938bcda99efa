import type {
  CandidatePair,
  PeerChannel,
  PeerConnector,
  PeerHandlers,
  PeerOptions,
  PeerSignal,
} from "../ports.ts";

const LOW_WATER_BYTES = 64 * 1024;

/**
 * WebRTC without WebRTC: two channels whose offer and answer reached each other open, a microtask
 * later, unless the network is blocked.
 */
export class FakePeers implements PeerConnector {
  /** Signals pass but no channel opens: a firewall. */
  blocked = false;
  /** Candidate lines that each side tells besides its one on this machine. */
  moreCandidates: readonly string[] = [];
  /** Every channel ever made, in order. */
  readonly channels: FakePeerChannel[] = [];

  create(options: PeerOptions, handlers: PeerHandlers): PeerChannel {
    const channel = new FakePeerChannel(this, this.channels.length, options, handlers);
    this.channels.push(channel);
    return channel;
  }

  /** Channels that are neither closed nor failed. */
  get living(): readonly FakePeerChannel[] {
    return this.channels.filter((channel) => !channel.closed);
  }
}

export class FakePeerChannel implements PeerChannel {
  readonly options: PeerOptions;
  readonly received: PeerSignal[] = [];
  closed = false;
  /** Frames leave this side but arrive nowhere. */
  silent = false;
  /** How its frames cross the network; a test may take its time. */
  carry: (deliver: () => void) => void = (deliver) => deliver();
  /** What `selectedPair` tells while it is open. */
  pair: CandidatePair = { local: "host", remote: "host", protocol: "udp" };
  readonly #network: FakePeers;
  readonly #number: number;
  readonly #handlers: PeerHandlers;
  readonly #held: Uint8Array[] = [];
  #bufferedAmount = 0;
  #stalled = false;
  #open = false;
  #other: FakePeerChannel | undefined;

  constructor(network: FakePeers, number: number, options: PeerOptions, handlers: PeerHandlers) {
    this.options = options;
    this.#network = network;
    this.#number = number;
    this.#handlers = handlers;
    if (options.initiator) queueMicrotask(() => this.#tell("offer"));
  }

  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  async selectedPair(): Promise<CandidatePair | undefined> {
    return this.#open ? this.pair : undefined;
  }

  signal(signal: PeerSignal): void {
    if (this.closed) return;
    this.received.push(signal);
    if (signal.type === "candidate") return;
    const number = /^v=0 (\d+)$/.exec(signal.sdp)?.[1];
    this.#other = number === undefined ? undefined : this.#network.channels[Number(number)];
    if (this.#other === undefined) return this.fail(new Error("not a session description"));
    if (signal.type === "offer") this.#tell("answer");
    else if (!this.#network.blocked) this.#connect(this.#other);
  }

  send(bytes: Uint8Array): void {
    if (!this.#open || this.closed) return;
    this.#held.push(bytes.slice());
    this.#bufferedAmount += bytes.length;
    if (!this.#stalled) queueMicrotask(() => this.#leave());
  }

  close(): void {
    const other = this.#other;
    this.#end();
    queueMicrotask(() => {
      if (other !== undefined && !this.#network.blocked) other.#end();
    });
  }

  /** ICE failed, on this side. */
  fail(error: Error): void {
    this.#end(error);
  }

  /** What is sent stays on this side until it is no longer stalled. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (!stalled)
      for (let n = this.#held.length; n > 0; n -= 1) queueMicrotask(() => this.#leave());
  }

  #connect(other: FakePeerChannel): void {
    for (const side of [this, other]) {
      queueMicrotask(() => {
        if (side.closed) return;
        side.#open = true;
        side.#handlers.onOpen();
      });
    }
  }

  #tell(type: "offer" | "answer"): void {
    if (this.closed) return;
    this.#handlers.onSignal({ type, sdp: `v=0 ${this.#number}` });
    const own = `candidate:${this.#number} 1 udp 1 127.0.0.1 9 typ host`;
    for (const candidate of [own, ...this.#network.moreCandidates]) {
      this.#handlers.onSignal({ type: "candidate", candidate, sdpMid: "0", sdpMLineIndex: 0 });
    }
  }

  #leave(): void {
    const bytes = this.#stalled ? undefined : this.#held.shift();
    if (bytes === undefined || this.closed) return;
    const before = this.#bufferedAmount;
    this.#bufferedAmount -= bytes.length;
    const other = this.#other;
    this.carry(() => {
      if (!this.silent && other !== undefined && !other.closed) other.#handlers.onMessage(bytes);
    });
    if (before > LOW_WATER_BYTES && this.#bufferedAmount <= LOW_WATER_BYTES) {
      this.#handlers.onDrain();
    }
  }

  #end(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.#bufferedAmount = 0;
    queueMicrotask(() => this.#handlers.onClose(error));
  }
}

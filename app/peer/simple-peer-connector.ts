import * as v from "valibot";
import type {
  CandidatePair,
  IceServer,
  PeerChannel,
  PeerConnector,
  PeerHandlers,
  PeerOptions,
} from "../../shared/chatkit/ports.ts";
import { MAX_LINK_FRAME_BYTES } from "../../shared/chatkit/link.ts";
import { PeerSignal } from "../../shared/protocol/index.ts";
import { selectedPairOf } from "./selected-pair.ts";
import { shelterWebRtc, type WebRtc } from "./sheltered-webrtc.ts";

export type { WebRtc } from "./sheltered-webrtc.ts";

/** What is used of simple-peer 9.11; a browser and Node bring their own constructors. */
interface SimplePeerInstance {
  signal(data: string): void;
  send(data: Uint8Array): void;
  write(data: Uint8Array, written: (error?: Error | null) => void): boolean;
  destroy(): void;
  /** Its types do not know it. */
  getStats?(done: (error: unknown, reports?: readonly unknown[]) => void): void;
  readonly bufferSize: number;
  on(event: "connect" | "close", listener: () => void): unknown;
  on(event: "signal", listener: (data: unknown) => void): unknown;
  on(event: "data", listener: (data: unknown) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(
    event: "iceStateChange",
    listener: (connection: RTCIceConnectionState, gathering: RTCIceGatheringState) => void,
  ): unknown;
}

interface SimplePeerOptions {
  readonly initiator: boolean;
  readonly trickle: boolean;
  readonly objectMode: boolean;
  readonly iceCompleteTimeout: number;
  readonly channelConfig: { readonly ordered: boolean };
  readonly config: { readonly iceServers: RTCIceServer[] };
  readonly wrtc?: WebRtc;
}

export type SimplePeerConstructor = new (options: SimplePeerOptions) => SimplePeerInstance;

export interface SimplePeerConnectorOptions {
  readonly wrtc?: WebRtc;
  /** STUN and TURN servers beside those of an attempt. None by default, public ones never. */
  readonly iceServers?: readonly IceServer[];
}

/** simple-peer's own low-water mark of the data channel (`MAX_BUFFERED_AMOUNT` in its index.js). */
const LOW_WATER_BYTES = 64 * 1024;

/** How often a channel is asked that is still full after its callback: 64 KiB at 100 Mbit/s. */
const DRAIN_CHECK_MS = 5;

/** The answer of a channel counts for so long: many frames of one moment ask once. */
const ASK_EVERY_MS = 1;

/**
 * simple-peer starts a timer of this length at its first candidate and never clears it, which
 * would keep a process alive. It serves connections without trickle only.
 */
const ICE_COMPLETE_TIMEOUT_MS = 1;

/**
 * The last frame of whoever closes; no link sends an empty one. A close comes to the other side on
 * a thread of its own, and `wrtc` 0.10.0 takes the process down where it meets a `send`
 * (RTCDataChannel::Send asks for the state and then takes the channel, which is gone by then).
 * So the other side is asked to be silent, and to close, first.
 */
const FAREWELL = new Uint8Array(0);

/** How long the other side may take to close: a slow round trip by TURN. */
const FAREWELL_PATIENCE_MS = 1000;

/** Statistics come from another thread, in a few ms; where they do not, nobody waits for them. */
const STATISTICS_PATIENCE_MS = 1000;

/** The data channel by simple-peer: trickle ICE, ordered and reliable. */
export function createSimplePeerConnector(
  SimplePeer: SimplePeerConstructor,
  { wrtc, iceServers = [] }: SimplePeerConnectorOptions = {},
): PeerConnector {
  const host = wrtc === undefined ? { iceServers } : { iceServers, wrtc: shelterWebRtc(wrtc) };
  return {
    create(peerOptions, handlers) {
      try {
        return new SimplePeerChannel(SimplePeer, host, peerOptions, handlers);
      } catch (error) {
        // No WebRTC here, or no more of it: told like any other failure.
        return deadChannel(handlers, errorOf(error));
      }
    },
  };
}

class SimplePeerChannel implements PeerChannel {
  readonly #peer: SimplePeerInstance;
  readonly #handlers: PeerHandlers;
  /** Candidates found before the description they belong to was told. */
  readonly #candidates: PeerSignal[] = [];
  #described = false;
  /** All candidates were found; `told` to the host as well, after the last of them. */
  #gathering: "running" | "found" | "told" = "running";
  #state: "opening" | "open" | "leaving" | "closed" = "opening";
  #awaitingDrain = false;
  /** All that was sent since the channel was asked, on top of its answer. */
  #bufferedAtMost = 0;
  #askedAt = -Infinity;
  #error: Error | undefined;
  /** The statistics are being asked for. */
  #asking: Promise<CandidatePair | undefined> | undefined;

  constructor(
    SimplePeer: SimplePeerConstructor,
    options: SimplePeerConnectorOptions,
    { initiator, iceServers }: PeerOptions,
    handlers: PeerHandlers,
  ) {
    this.#handlers = handlers;
    const peer = new SimplePeer({
      initiator,
      trickle: true,
      // Frames stay whole in simple-peer's stream.
      objectMode: true,
      iceCompleteTimeout: ICE_COMPLETE_TIMEOUT_MS,
      channelConfig: { ordered: true },
      config: { iceServers: [...(options.iceServers ?? []), ...iceServers].map(toRtc) },
      ...(options.wrtc === undefined ? {} : { wrtc: options.wrtc }),
    });
    this.#peer = peer;
    peer.on("signal", (data) => this.#tell(data));
    peer.on("iceStateChange", (_, gathering) => {
      if (gathering === "complete") this.#gathered();
    });
    peer.on("connect", () => this.#opened());
    // An error without a listener would end the process; `close` follows it.
    peer.on("error", (error) => {
      this.#error ??= error;
    });
    peer.on("close", () => this.#ended());
  }

  /** A bound: above the low-water mark it is what the channel said in this millisecond. */
  get bufferedAmount(): number {
    return this.#over ? 0 : this.#bufferedWith(0);
  }

  selectedPair(): Promise<CandidatePair | undefined> {
    if (this.#state !== "open") return Promise.resolve(undefined);
    this.#asking ??= this.#askForPair().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  #askForPair(): Promise<CandidatePair | undefined> {
    return new Promise((resolve) => {
      const patience = setTimeout(() => resolve(undefined), STATISTICS_PATIENCE_MS);
      const done = (reports: readonly unknown[]): void => {
        clearTimeout(patience);
        resolve(selectedPairOf(reports));
      };
      try {
        if (this.#peer.getStats === undefined) done([]);
        else this.#peer.getStats((error, reports = []) => done(error ? [] : reports));
      } catch {
        // The connection ended in this moment.
        done([]);
      }
    });
  }

  get #over(): boolean {
    return this.#state === "leaving" || this.#state === "closed";
  }

  /**
   * What is buffered once `more` bytes are. The channel is asked only where its answer could
   * matter: in Node that comes from another thread and takes longer than sending a message.
   */
  #bufferedWith(more: number): number {
    if (this.#bufferedAtMost + more > LOW_WATER_BYTES) this.#ask();
    return this.#bufferedAtMost + more;
  }

  /** What was asked a moment ago, and what was sent since then, is a bound still. */
  #ask(): void {
    const now = performance.now();
    if (now - this.#askedAt < ASK_EVERY_MS) return;
    this.#askedAt = now;
    this.#bufferedAtMost = this.#peer.bufferSize;
  }

  signal(signal: PeerSignal): void {
    if (this.#over) return;
    // The end of candidates; simple-peer takes it for a broken one.
    if (signal.type === "candidate" && signal.candidate === "") return;
    try {
      this.#peer.signal(JSON.stringify(toSimplePeer(signal)));
    } catch (error) {
      this.#fail(errorOf(error));
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    try {
      const goesAtOnce = this.#awaitingDrain || this.#bufferedWith(bytes.length) <= LOW_WATER_BYTES;
      this.#bufferedAtMost += bytes.length;
      if (goesAtOnce) {
        this.#peer.send(bytes);
        return;
      }
      // A written frame goes out just like a sent one, and its callback waits for the low-water
      // mark. Only one is out at a time, so that the order stays.
      this.#awaitingDrain = true;
      this.#peer.write(bytes, () => this.#drained());
    } catch (error) {
      this.#fail(errorOf(error));
    }
  }

  /**
   * The callback of a written frame may come late: what was sent since then may be over the mark
   * again, and had no callback of its own.
   */
  #drained(): void {
    if (this.#state !== "open") return;
    this.#bufferedAtMost = this.#peer.bufferSize;
    if (this.#bufferedAtMost > LOW_WATER_BYTES) {
      setTimeout(() => this.#drained(), DRAIN_CHECK_MS);
      return;
    }
    this.#awaitingDrain = false;
    this.#handlers.onDrain();
  }

  /** Over at once for the caller; the other side is given time to close. */
  close(): void {
    if (this.#over) return;
    this.#state = "leaving";
    try {
      // The other side may take it for open before this one does.
      this.#peer.send(FAREWELL);
    } catch {
      // It never opened, or is closing: nobody sends.
      this.#destroy();
      return;
    }
    const patience = setTimeout(() => this.#destroy(), FAREWELL_PATIENCE_MS);
    this.#peer.on("close", () => clearTimeout(patience));
    queueMicrotask(() => this.#ended());
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#destroy();
  }

  /** Not while another thread of `wrtc` reads the connection for its statistics. */
  #destroy(): void {
    if (this.#asking === undefined) this.#peer.destroy();
    else void this.#asking.then(() => this.#peer.destroy());
  }

  #opened(): void {
    if (this.#state === "opening") {
      this.#state = "open";
      this.#handlers.onOpen();
    }
    // Until now the stream has kept what came; it flows from the next tick on.
    this.#peer.on("data", (data) => this.#receive(data));
  }

  #receive(data: unknown): void {
    if (data instanceof Uint8Array && data.length === FAREWELL.length) {
      this.#destroy();
      return;
    }
    if (this.#state !== "open") return;
    if (!(data instanceof Uint8Array) || data.length > MAX_LINK_FRAME_BYTES) {
      this.#fail(new Error("The peer sent text or too large a frame."));
      return;
    }
    this.#handlers.onMessage(data);
  }

  #ended(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#handlers.onClose(this.#error);
  }

  #tell(data: unknown): void {
    const signal = fromSimplePeer(data);
    if (signal === undefined || this.#over) return;
    if (signal.type === "candidate" && !this.#described) {
      this.#candidates.push(signal);
      return;
    }
    this.#handlers.onSignal(signal);
    if (signal.type === "candidate") return;
    this.#described = true;
    for (const candidate of this.#candidates.splice(0)) this.#handlers.onSignal(candidate);
    if (this.#gathering === "found") this.#gathered();
  }

  /** simple-peer says so again with every later change of the connection. */
  #gathered(): void {
    if (this.#over || this.#gathering === "told") return;
    this.#gathering = this.#described ? "told" : "found";
    if (this.#described) this.#handlers.onGathered?.();
  }
}

const SimplePeerCandidate = v.object({
  type: v.literal("candidate"),
  candidate: v.object({
    candidate: v.string(),
    sdpMid: v.nullish(v.string(), null),
    sdpMLineIndex: v.nullish(v.number(), null),
  }),
});

/** Undefined for what a data channel has no use for: renegotiation, transceivers, end of candidates. */
function fromSimplePeer(data: unknown): PeerSignal | undefined {
  const told = v.safeParse(SimplePeerCandidate, data);
  const flat = told.success ? { ...told.output.candidate, type: told.output.type } : data;
  const signal = v.safeParse(PeerSignal, flat);
  if (!signal.success) return undefined;
  const { output } = signal;
  if (output.type === "offer" || output.type === "answer") return output;
  return output.type === "candidate" && output.candidate !== "" ? output : undefined;
}

function toSimplePeer(signal: PeerSignal): unknown {
  if (signal.type !== "candidate") return signal;
  const { candidate, sdpMid, sdpMLineIndex } = signal;
  return { type: "candidate", candidate: { candidate, sdpMid, sdpMLineIndex } };
}

function toRtc(server: IceServer): RTCIceServer {
  return { ...server, urls: [...server.urls] };
}

function deadChannel(handlers: PeerHandlers, error: Error): PeerChannel {
  queueMicrotask(() => handlers.onClose(error));
  return {
    bufferedAmount: 0,
    selectedPair: async () => undefined,
    signal: () => {},
    send: () => {},
    close: () => {},
  };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

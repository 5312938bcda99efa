import type { Socket } from "node:net";
import {
  closeCodes,
  limits,
  ProtocolError,
  type CloseCode,
  type TransportAddress,
} from "../../shared/protocol/index.ts";
import type { RelayChannels } from "../services/relay-channels.ts";
import type { Flushable, Flusher } from "./flusher.ts";
import type { Member } from "./member.ts";
import type { PeerSocket } from "./peer-socket.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Bytes waiting for a client above which it does not read at all, whatever it is sent. */
const MAX_WAITING_BYTES = 8 * limits.RELAY_STOP_BYTES;

/** Characters of the requests that wait for their answer, at which nothing more is read. */
const MAX_PENDING_SIZE = 2 * limits.MAX_TEXT_FRAME_BYTES;

/** Bytes gathered in one turn that go at once. */
const FLUSH_BYTES = 32 * 1024;

const TEXT = { binary: false, compress: false } as const;
const BINARY = { binary: true, compress: false } as const;

/** What a connection tells its server. */
export interface ConnectionHost {
  readonly flusher: Flusher;
  /** Monotonic ms as of the last sweep, whole. */
  readonly now: number;
  /** Once, as soon as nothing more shall be sent or taken: `code` is the server's own, if it ended. */
  left(connection: Connection, code: CloseCode | undefined): void;
}

/** One WebSocket. It knows how to send and how to end; what frames mean is known elsewhere. */
export class Connection implements Flushable {
  readonly ws: PeerSocket;
  readonly socket: Socket;
  readonly address: TransportAddress;
  readonly bucket: TokenBucket;
  readonly #host: ConnectionHost;

  /** From the moment it has joined the bus; `member.ready` once it was answered. */
  member: Member | undefined;
  /** A sign-in is being checked. */
  signingIn = false;
  /** Requests that wait for their answer. */
  pending = 0;
  #pendingSize = 0;
  #stoppedByPending = false;
  /** A page of the mailbox is being read. */
  fetching = false;
  /** Made when the first channel is. */
  relay: RelayChannels | undefined;
  #stoppedBy = 0;
  #waitsForReader = false;

  /** All in whole ms of monotonic time, as of the last sweep. */
  readonly openedAt: number;
  heardAt: number;
  pingedAt: number;
  progressAt: number;
  /** Bytes that had gone out at `progressAt`. */
  sentBytes = 0;
  endingSince: number | undefined;

  #turn: Promise<unknown> | undefined;
  #offences = 0;
  #corked = false;
  #left = false;

  constructor(options: {
    ws: PeerSocket;
    socket: Socket;
    address: TransportAddress;
    bucket: TokenBucket;
    host: ConnectionHost;
  }) {
    this.ws = options.ws;
    this.socket = options.socket;
    this.address = options.address;
    this.bucket = options.bucket;
    this.#host = options.host;
    const { now } = options.host;
    this.openedAt = now;
    this.heardAt = now;
    this.pingedAt = now;
    this.progressAt = now;
  }

  /** False once it was ended by either side. */
  get open(): boolean {
    return !this.#left;
  }

  /** Bytes that wait for the client to read. */
  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  /** Sends a text frame; a Buffer is its UTF-8. No effect once ended. */
  sendText(frame: string | Buffer): void {
    if (this.#left) return;
    this.#cork();
    this.ws.send(frame, TEXT);
  }

  /** Sends a binary frame without copying it: the bytes belong to the socket from now on. */
  sendBinary(frame: Buffer): void {
    if (this.#left) return;
    this.#cork();
    this.ws.send(frame, BINARY);
    // Kept back any longer, it would look like a client that does not read.
    if (this.socket.writableLength > FLUSH_BYTES) this.#uncork();
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.socket.cork();
    this.#host.flusher.add(this);
  }

  /** The server does not read from this client for now. */
  get stopped(): boolean {
    return this.#stoppedBy > 0;
  }

  /** Reads nothing more from the client until `go` was called as often. */
  stop(): void {
    if (this.#stoppedBy++ === 0) this.ws.pause();
  }

  go(): void {
    if (--this.#stoppedBy === 0) this.ws.resume();
  }

  /** Reads nothing more from the client until it has read what waits for it. */
  stopUntilRead(): void {
    if (this.#waitsForReader) return;
    this.#waitsForReader = true;
    this.stop();
    this.socket.once("drain", () => {
      this.#waitsForReader = false;
      this.go();
    });
  }

  /** A request of `size` characters is worked on. */
  began(size: number): void {
    this.pending++;
    this.#pendingSize += size;
    if (this.#pendingSize <= MAX_PENDING_SIZE || this.#stoppedByPending) return;
    this.#stoppedByPending = true;
    this.stop();
  }

  /** It was answered. */
  finished(size: number): void {
    this.pending--;
    this.#pendingSize -= size;
    if (this.#pendingSize > MAX_PENDING_SIZE || !this.#stoppedByPending) return;
    this.#stoppedByPending = false;
    this.go();
  }

  /**
   * Does what has a long answer: one after the other, and none while the client still has much to
   * read, for many at once would fill the memory. @throws ProtocolError unavailable (it has ended)
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = (async () => {
      // The one before reports its own failure.
      if (before !== undefined) await Promise.allSettled([before]);
      if (this.waitingBytes > limits.RELAY_STOP_BYTES) await this.#untilRead();
      if (this.#left) throw new ProtocolError("unavailable", "The connection is closed.");
      return await work();
    })();
    this.#turn = mine;
    try {
      return await mine;
    } finally {
      if (this.#turn === mine) this.#turn = undefined;
    }
  }

  async #untilRead(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.once("drain", resolve).once("close", resolve);
    await promise;
    this.socket.off("drain", resolve).off("close", resolve);
  }

  /** The client gave a sign of life. */
  heard(): void {
    this.heardAt = this.#host.now;
  }

  #uncork(): void {
    this.#corked = false;
    this.socket.uncork();
  }

  /** Lets the writes of this turn go. */
  flush(): void {
    this.#uncork();
    if (this.socket.writableLength > MAX_WAITING_BYTES) {
      this.end(closeCodes.unresponsive);
      // The close frame would only wait behind all the rest.
      this.ws.terminate();
    }
  }

  /** Something that a client which keeps the rules never does. */
  offend(): void {
    this.#offences++;
    if (this.#offences > limits.MAX_OFFENCES) this.end(closeCodes.protocolViolation);
  }

  /** Ends it with a close code; the sweep cuts it where the client does not answer in time. */
  end(code: CloseCode): void {
    if (this.#left) return;
    // A client that is not read from would never be seen to answer.
    if (this.ws.isPaused) this.ws.resume();
    this.ws.close(code);
    this.endingSince = this.#host.now;
    this.#leave(code);
  }

  /** The socket is gone. */
  closed(): void {
    this.#leave(undefined);
  }

  #leave(code: CloseCode | undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#host.left(this, code);
  }
}

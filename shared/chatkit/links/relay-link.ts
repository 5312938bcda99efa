import type { ServerConnection } from "../connection/server-connection.ts";
import {
  LinkError,
  type Link,
  type LinkCloseReason,
  type LinkHandlers,
  type LinkPeer,
} from "../link.ts";
import type { Clock, Timer } from "../ports.ts";
import { SendBuffer } from "./send-buffer.ts";

/** A WebSocket tells nobody when its buffer drains: a full one is looked at this often. */
const DRAIN_POLL_MS = 20;

/** A link through the server: one relay channel of the connection. */
export class RelayLink implements Link {
  readonly kind = "relay";
  readonly peer: LinkPeer;
  readonly channel: number;
  readonly #clock: Clock;
  readonly #handlers: LinkHandlers;
  readonly #buffer: SendBuffer;
  #paused = false;
  #closed = false;
  #poll: Timer | undefined;

  constructor(
    peer: LinkPeer,
    channel: number,
    connection: ServerConnection,
    clock: Clock,
    handlers: LinkHandlers,
  ) {
    this.peer = peer;
    this.channel = channel;
    this.#clock = clock;
    this.#handlers = handlers;
    const isPaused = (): boolean => this.#paused;
    this.#buffer = new SendBuffer({
      get bufferedAmount() {
        return connection.bufferedAmount;
      },
      get paused() {
        return isPaused();
      },
      // Without a connection the frame is lost; the link closes with it, and says so.
      push: (frame) => connection.sendChannelData(channel, frame),
    });
  }

  get bufferedAmount(): number {
    return this.#closed ? 0 : this.#buffer.bufferedAmount;
  }

  get writable(): boolean {
    return !this.#closed && this.#buffer.writable;
  }

  send(frame: Uint8Array): void {
    if (this.#closed) throw new LinkError("closed", "the link is closed");
    this.#buffer.send(frame);
    this.#handlers.onSent(this, frame);
    if (!this.#buffer.writable) this.#pollLater();
  }

  close(): void {
    this.end("closed");
  }

  receive(frame: Uint8Array): void {
    if (!this.#closed) this.#handlers.onFrame(this, frame);
  }

  /** `relay.flow`: the server holds too much for the receiver, or no longer does. */
  flow(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#buffer.markFull();
    else this.#pump();
  }

  /** Ends it for a reason; idempotent. */
  end(reason: LinkCloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll?.cancel();
    this.#buffer.clear();
    this.#handlers.onClose(this, reason);
  }

  #pump(): void {
    if (this.#closed) return;
    const writableAgain = this.#buffer.pump();
    if (!this.#buffer.writable) this.#pollLater();
    if (writableAgain) this.#handlers.onDrain(this);
  }

  #pollLater(): void {
    // While paused it is the server who tells when to go on.
    if (this.#paused || this.#poll !== undefined) return;
    this.#poll = this.#clock.setTimer(() => {
      this.#poll = undefined;
      this.#pump();
    }, DRAIN_POLL_MS);
  }
}

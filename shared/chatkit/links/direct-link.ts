import {
  LinkError,
  type Link,
  type LinkCloseReason,
  type LinkHandlers,
  type LinkPeer,
} from "../link.ts";
import type { CandidatePair, PeerChannel } from "../ports.ts";
import { SendBuffer } from "./send-buffer.ts";

/** A link over an open WebRTC data channel. Whoever owns the channel hands on what it tells. */
export class DirectLink implements Link {
  readonly kind = "direct";
  readonly peer: LinkPeer;
  readonly #channel: PeerChannel;
  readonly #handlers: LinkHandlers;
  readonly #buffer: SendBuffer;
  #closed = false;

  constructor(peer: LinkPeer, channel: PeerChannel, handlers: LinkHandlers) {
    this.peer = peer;
    this.#channel = channel;
    this.#handlers = handlers;
    this.#buffer = new SendBuffer({
      get bufferedAmount() {
        return channel.bufferedAmount;
      },
      paused: false,
      push: (frame) => channel.send(frame),
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
  }

  /** Never rejects. */
  selectedPair(): Promise<CandidatePair | undefined> {
    return this.#closed ? Promise.resolve(undefined) : this.#channel.selectedPair();
  }

  close(): void {
    this.end("closed");
  }

  receive(frame: Uint8Array): void {
    if (!this.#closed) this.#handlers.onFrame(this, frame);
  }

  drained(): void {
    if (this.#closed) return;
    if (this.#buffer.pump()) this.#handlers.onDrain(this);
    this.#handlers.onRoom?.(this);
  }

  /** Ends it for a reason; idempotent. */
  end(reason: LinkCloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#buffer.clear();
    this.#channel.close();
    this.#handlers.onClose(this, reason);
  }
}

import { LinkError, type Link, type LinkPeer } from "../link.ts";

/** One end of a link between two simulated devices. */
export class SimulatedLink implements Link {
  readonly kind: "direct" | "relay";
  readonly peer: LinkPeer;
  readonly bufferedAmount = 0;
  readonly writable = true;
  isOpen = true;
  readonly #onSend: (frame: Uint8Array) => void;
  readonly #onClose: () => void;

  constructor(
    kind: "direct" | "relay",
    peer: LinkPeer,
    onSend: (frame: Uint8Array) => void,
    onClose: () => void,
  ) {
    this.kind = kind;
    this.peer = peer;
    this.#onSend = onSend;
    this.#onClose = onClose;
  }

  send(frame: Uint8Array): void {
    if (!this.isOpen) throw new LinkError("closed", "The link is closed.");
    this.#onSend(frame.slice());
  }

  close(): void {
    this.#onClose();
  }
}

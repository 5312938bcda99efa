import { LinkError, type Link, type LinkPeer } from "../link.ts";
import { deviceIdOf, userIdOf } from "./test-ids.ts";

/** A link to nobody: a test reads what is sent over it, and plays the other end. */
export class ScriptedLink implements Link {
  readonly kind: "direct" | "relay";
  readonly peer: LinkPeer;
  bufferedAmount = 0;
  writable = true;
  closed = false;
  readonly sent: Uint8Array[] = [];
  /** What the other end does with what comes. */
  onSend: (frame: Uint8Array) => void = () => {};

  constructor(kind: "direct" | "relay" = "direct", n = 2) {
    this.kind = kind;
    this.peer = { userId: userIdOf(n), deviceId: deviceIdOf(n) };
  }

  send(frame: Uint8Array): void {
    if (this.closed) throw new LinkError("closed", "the link is closed");
    const sent = frame.slice();
    this.sent.push(sent);
    this.onSend(sent);
  }

  close(): void {
    this.closed = true;
  }
}

import type { DeviceId, UserId } from "../protocol/index.ts";

/**
 * An open path between this device and one other, direct or relayed: frames arrive whole, in
 * order, and at most once; a frame that was sent may be lost when the link closes. Whoever needs
 * certainty acknowledges. Both kinds pass `testing/link-contract.ts`.
 */
export interface Link {
  readonly kind: "direct" | "relay";
  readonly peer: LinkPeer;
  /** Bytes accepted by `send` that have not left this machine yet, or that the peer asked to hold. */
  readonly bufferedAmount: number;
  /** False while the sender should wait for `onDrain` before sending more. */
  readonly writable: boolean;
  /**
   * Hands a frame over: it was sent, or copied, when this returns. @throws LinkError `closed`, `too-large` (over MAX_LINK_FRAME_BYTES),
   * `overflow` (over MAX_LINK_BUFFER_BYTES although `writable` was false)
   */
  send(frame: Uint8Array): void;
  /** Idempotent. Ends in `onClose` on both sides. */
  close(): void;
}

export interface LinkPeer {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

export interface LinkHandlers {
  /** `send` took it. */
  onSent(link: Link, frame: Uint8Array): void;
  onFrame(link: Link, frame: Uint8Array): void;
  onDrain(link: Link): void;
  /** Most of what it had buffered has left; also where it was writable all the time. */
  onRoom?(link: Link): void;
  /** Exactly once; `send` throws from then on. */
  onClose(link: Link, reason: LinkCloseReason): void;
}

/**
 * `failed`: never opened or broke. `refused`: the server does not permit it. `forbidden`: a route
 * policy does not.
 */
export type LinkCloseReason =
  | "closed"
  | "closed-by-peer"
  | "failed"
  | "refused"
  | "forbidden"
  | "disconnected";

/** One envelope and the frame's type byte, rounded up. */
export const MAX_LINK_FRAME_BYTES = 80 * 1024;

/**
 * A link that holds this much is slow: `writable` turns false. A fast one sends it in a twentieth of a
 * second, and goes on by itself while this machine has other things to do.
 */
export const LINK_HIGH_WATER_BYTES = 4 * 1024 * 1024;

/** A link's own figure of what it has buffered is exact above this, and a bound below it. */
export const LINK_QUEUE_BYTES = 64 * 1024;

/** More than this is a bug of the caller's, and refused. */
export const MAX_LINK_BUFFER_BYTES = 4 * 1024 * 1024;

export class LinkError extends Error {
  readonly reason: "closed" | "too-large" | "overflow" | "silent";

  constructor(reason: LinkError["reason"], message: string) {
    super(message);
    this.name = "LinkError";
    this.reason = reason;
  }
}

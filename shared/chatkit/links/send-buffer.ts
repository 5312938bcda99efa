import {
  LINK_HIGH_WATER_BYTES,
  LinkError,
  MAX_LINK_BUFFER_BYTES,
  MAX_LINK_FRAME_BYTES,
} from "../link.ts";

/** Below this a link that was full takes frames again. */
const LINK_LOW_WATER_BYTES = LINK_HIGH_WATER_BYTES / 4;

/** What the frames go out by: a data channel, or the server's socket. */
export interface Outlet {
  /** Bytes that it took and that have not left yet. */
  readonly bufferedAmount: number;
  /** It was told to wait: nothing is pushed meanwhile. */
  readonly paused: boolean;
  push(frame: Uint8Array): void;
}

/**
 * Frames on their way out of one link. The outlet gets up to the high-water mark; the rest waits
 * here, and beyond `MAX_LINK_BUFFER_BYTES` is refused.
 */
export class SendBuffer {
  readonly #outlet: Outlet;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #full = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get bufferedAmount(): number {
    return this.#heldBytes + this.#outlet.bufferedAmount;
  }

  get writable(): boolean {
    return !this.#full && !this.#outlet.paused;
  }

  /** @throws LinkError too-large, overflow */
  send(frame: Uint8Array): void {
    if (frame.length > MAX_LINK_FRAME_BYTES) {
      throw new LinkError("too-large", `a frame has at most ${MAX_LINK_FRAME_BYTES} bytes`);
    }
    if (this.#heldBytes + frame.length > MAX_LINK_BUFFER_BYTES) {
      throw new LinkError("overflow", `a link holds at most ${MAX_LINK_BUFFER_BYTES} bytes`);
    }
    if (this.#held.length === 0 && this.#outletTakes()) {
      this.#outlet.push(frame);
    } else {
      // The sender may use it for the next.
      this.#held.push(frame.slice());
      this.#heldBytes += frame.length;
    }
    if (this.bufferedAmount >= LINK_HIGH_WATER_BYTES) this.#full = true;
  }

  /**
   * Moves on what the outlet takes.
   * @returns true where the link was not writable and is now
   */
  pump(): boolean {
    let moved = 0;
    for (const frame of this.#held) {
      if (!this.#outletTakes()) break;
      this.#outlet.push(frame);
      this.#heldBytes -= frame.length;
      moved += 1;
    }
    if (moved > 0) this.#held = this.#held.slice(moved);
    if (!this.#full || this.#outlet.paused) return false;
    if (this.bufferedAmount > LINK_LOW_WATER_BYTES) return false;
    this.#full = false;
    return true;
  }

  clear(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** The outlet was paused: its end makes the link writable again and is told. */
  markFull(): void {
    this.#full = true;
  }

  #outletTakes(): boolean {
    return !this.#outlet.paused && this.#outlet.bufferedAmount < LINK_HIGH_WATER_BYTES;
  }
}

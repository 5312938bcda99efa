import type { Clock, Timer } from "../ports.ts";
import { TokenBucket } from "./token-bucket.ts";

/**
 * Frames that one direct link may bring: one core opens some 2,000 sealed messages in a second, a
 * fast machine twice that, and each is answered by a receipt. At once: several full windows of an
 * honest sender (`MAX_IN_FLIGHT`), of the largest envelopes.
 */
export const FLOOD_FRAMES_PER_SECOND = 8_000;
export const FLOOD_FRAMES_AT_ONCE = 2_048;
/** Half of a gigabit each second, more than a home's network carries. */
export const FLOOD_BYTES_PER_SECOND = 64 * 1024 * 1024;
export const FLOOD_BYTES_AT_ONCE = 16 * 1024 * 1024;

/**
 * What waits then: an honest sender has `MAX_IN_FLIGHT` envelopes under way, 8 MiB, and stops until
 * they are acknowledged. Who sends on past twice that does not care for answers.
 */
export const MAX_GATED_FRAMES = 8_192;
export const MAX_GATED_BYTES = 16 * 1024 * 1024;

/** Frames that wait are let through in bundles, so that a flood does not cost a timer for each. */
const BUNDLE_MS = 10;

export interface FloodGateOptions {
  readonly clock: Clock;
  readonly deliver: (frame: Uint8Array) => void;
  /** More waits than may: once, and nothing is delivered any more. */
  readonly onFlood: () => void;
}

/** Slows down what one direct link brings, and tells when that does not help (SPEC L8, L9). */
export class FloodGate {
  readonly #options: FloodGateOptions;
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: FloodGateOptions) {
    this.#options = options;
    const { clock } = options;
    this.#frames = new TokenBucket(clock, {
      burst: FLOOD_FRAMES_AT_ONCE,
      perMs: FLOOD_FRAMES_PER_SECOND / 1000,
    });
    this.#bytes = new TokenBucket(clock, {
      burst: FLOOD_BYTES_AT_ONCE,
      perMs: FLOOD_BYTES_PER_SECOND / 1000,
    });
  }

  take(frame: Uint8Array): void {
    if (this.#ended) return;
    if (this.#waiting.length === 0 && this.#passes(frame)) return this.#options.deliver(frame);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waiting.length > MAX_GATED_FRAMES || this.#waitingBytes > MAX_GATED_BYTES) {
      this.end();
      return this.#options.onFlood();
    }
    this.#timer ??= this.#options.clock.setTimer(() => this.#letThrough(), BUNDLE_MS);
  }

  /** The link has ended: what waits is dropped, as if it had been lost on the way. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #passes(frame: Uint8Array): boolean {
    if (this.#frames.waitMs(1) > 0 || this.#bytes.waitMs(frame.length) > 0) return false;
    return this.#frames.take(1) && this.#bytes.take(frame.length);
  }

  #letThrough(): void {
    this.#timer = undefined;
    const ready: Uint8Array[] = [];
    for (const frame of this.#waiting) {
      if (!this.#passes(frame)) break;
      ready.push(frame);
      this.#waitingBytes -= frame.length;
    }
    this.#waiting = this.#waiting.slice(ready.length);
    if (this.#waiting.length > 0) {
      this.#timer = this.#options.clock.setTimer(() => this.#letThrough(), BUNDLE_MS);
    }
    for (const frame of ready) {
      // Whoever was handed one may have closed the link.
      if (this.#ended) return;
      this.#options.deliver(frame);
    }
  }
}

import {
  FILE_LOOK_MS,
  FILE_MEASURE_MS,
  FILE_WINDOW_MAX_BYTES,
  FILE_WINDOW_MIN_BYTES,
  FILE_WINDOW_MS,
} from "../limits.ts";
import { LinkError, type Link } from "../link.ts";
import type { Clock, Timer } from "../ports.ts";

/** Something that has frames for a link. */
export interface FrameSource {
  /** The next frame, where there is one to send now. */
  takeFrame(): Uint8Array | undefined;
}

/**
 * Hands the frames of files to one link, in turns, and never more than what a message may wait
 * behind: what the link carries in a tenth of a second (SPEC F7).
 */
export class LinkPump {
  readonly link: Link;
  readonly #clock: Clock;
  #sources: FrameSource[] = [];
  #window = FILE_WINDOW_MIN_BYTES;
  /** Bytes handed over since then, and how full the link was: they tell how fast it is. */
  #measured: { at: number; sent: number; buffered: number };
  #timer: Timer | undefined;
  #pumping = false;
  #closed = false;

  constructor(link: Link, clock: Clock) {
    this.link = link;
    this.#clock = clock;
    this.#measured = { at: clock.monotonic(), sent: 0, buffered: link.bufferedAmount };
  }

  get isIdle(): boolean {
    return this.#sources.length === 0;
  }

  add(source: FrameSource): void {
    this.#sources.push(source);
    this.kick();
  }

  remove(source: FrameSource): void {
    this.#sources = this.#sources.filter((one) => one !== source);
  }

  /** Some of what the link held has left. */
  room(): void {
    this.#measure();
    this.kick();
  }

  /** Sends what there is and the link may take. */
  kick(): void {
    // A source may find out while it is asked that it has ended, and be removed.
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      while (this.#hasRoom()) if (!this.#sendOne()) return;
    } finally {
      this.#pumping = false;
    }
    this.#lookLater();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#sources = [];
  }

  #hasRoom(): boolean {
    return !this.#closed && this.link.writable && this.link.bufferedAmount < this.#window;
  }

  /** False where nobody has anything to send. */
  #sendOne(): boolean {
    for (let tries = this.#sources.length; tries > 0; tries -= 1) {
      const source = this.#sources.shift();
      if (source === undefined) return false;
      this.#sources.push(source);
      const frame = source.takeFrame();
      if (frame === undefined) continue;
      try {
        this.link.send(frame);
      } catch (error) {
        // It has closed, and that is told; what is lost with it is asked for anew.
        if (!(error instanceof LinkError)) throw error;
        this.close();
        return false;
      }
      this.#measured.sent += frame.length;
      return true;
    }
    return false;
  }

  /** A fast link may hold more: it is emptied as soon. */
  #measure(): void {
    const now = this.#clock.monotonic();
    const { at, sent, buffered } = this.#measured;
    const left = sent + buffered - this.link.bufferedAmount;
    const ms = now - at;
    if (ms < FILE_MEASURE_MS) return;
    if (left > 0) {
      const carried = (left / ms) * FILE_WINDOW_MS;
      const next = (this.#window + carried) / 2;
      this.#window = Math.min(Math.max(next, FILE_WINDOW_MIN_BYTES), FILE_WINDOW_MAX_BYTES);
    }
    this.#measured = { at: now, sent: 0, buffered: this.link.bufferedAmount };
  }

  /** A relay link tells nobody that it drains, and a direct one only when it is nearly empty. */
  #lookLater(): void {
    if (this.#closed || this.#sources.length === 0) return;
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.room();
    }, FILE_LOOK_MS);
  }
}

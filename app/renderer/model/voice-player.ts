import { batch, signal, type ReadonlySignal } from "@preact/signals";
import type { MessageId } from "../../../shared/protocol/index.ts";

export const RATES = [1, 1.5, 2] as const;
export type Rate = (typeof RATES)[number];

export interface Playing {
  readonly id: MessageId;
  readonly state: "loading" | "playing" | "paused";
}

/** What of the browser's audio element is used. */
export interface Sound {
  src: string;
  currentTime: number;
  playbackRate: number;
  play(): Promise<void>;
  pause(): void;
  addEventListener(event: "timeupdate" | "ended" | "pause" | "playing", handler: () => void): void;
}

/** Plays one voice message at a time, wherever it is on the screen. */
export class VoicePlayer {
  readonly #acquire: (id: MessageId) => Promise<string>;
  readonly #release: (id: MessageId) => void;
  readonly #create: () => Sound;
  readonly #playing = signal<Playing | undefined>(undefined);
  readonly #position = signal(0);
  readonly #rate = signal<Rate>(1);
  #sound: Sound | undefined;
  /** Counts what was begun or ended: what is still loading for an older one has lost. */
  #starts = 0;
  /** What comes after the one that plays. */
  #next: ((after: MessageId) => MessageId | undefined) | undefined;

  constructor(
    acquire: (id: MessageId) => Promise<string>,
    release: (id: MessageId) => void,
    create: () => Sound = () => new Audio(),
  ) {
    this.#acquire = acquire;
    this.#release = release;
    this.#create = create;
  }

  get playing(): ReadonlySignal<Playing | undefined> {
    return this.#playing;
  }
  /** Of the one that plays, s. */
  get position(): ReadonlySignal<number> {
    return this.#position;
  }
  get rate(): ReadonlySignal<Rate> {
    return this.#rate;
  }

  /**
   * Plays it, goes on after a pause, or pauses. Rejects where it cannot be opened or played.
   * @param from s; only for one that does not play already
   */
  async toggle(
    id: MessageId,
    next: (after: MessageId) => MessageId | undefined,
    from = 0,
  ): Promise<void> {
    this.#next = next;
    const playing = this.#playing.peek();
    if (playing?.id !== id) return await this.#start(id, from);
    if (playing.state === "paused") await this.#sound?.play();
    else if (playing.state === "playing") this.#sound?.pause();
  }

  /** @param position s; of the one that plays, or is paused */
  seek(position: number): void {
    if (this.#sound === undefined || this.#playing.peek() === undefined) return;
    this.#sound.currentTime = Math.max(0, position);
    this.#position.value = Math.max(0, position);
  }

  nextRate(): void {
    const rate = RATES[(RATES.indexOf(this.#rate.peek()) + 1) % RATES.length] ?? 1;
    this.#rate.value = rate;
    if (this.#sound !== undefined) this.#sound.playbackRate = rate;
  }

  /** Another sound begins somewhere else. */
  pause(): void {
    this.#sound?.pause();
  }

  stop(): void {
    const playing = this.#playing.peek();
    if (playing === undefined) return;
    this.#sound?.pause();
    this.#end(playing.id);
  }

  async #start(id: MessageId, from: number): Promise<void> {
    this.stop();
    const start = ++this.#starts;
    batch(() => {
      this.#playing.value = { id, state: "loading" };
      this.#position.value = from;
    });
    const isWanted = (): boolean => this.#starts === start;
    let url: string;
    try {
      url = await this.#acquire(id);
    } catch (error) {
      if (!isWanted()) return;
      this.#playing.value = undefined;
      throw error;
    }
    // Somebody pressed another one meanwhile, or left: it was released then.
    if (!isWanted()) return;
    const sound = (this.#sound ??= this.#prepare());
    sound.src = url;
    sound.playbackRate = this.#rate.peek();
    sound.currentTime = from;
    try {
      await sound.play();
    } catch (error) {
      // The browser calls it an error that another one took its place.
      if (!isWanted()) return;
      this.#end(id);
      throw error;
    }
  }

  #prepare(): Sound {
    const sound = this.#create();
    sound.addEventListener("timeupdate", () => {
      this.#position.value = sound.currentTime;
    });
    sound.addEventListener("playing", () => this.#become("playing"));
    sound.addEventListener("pause", () => this.#become("paused"));
    sound.addEventListener("ended", () => {
      const playing = this.#playing.peek();
      if (playing === undefined) return;
      this.#end(playing.id);
      const next = this.#next?.(playing.id);
      // What cannot be played ends the row.
      if (next !== undefined) this.#start(next, 0).catch(() => undefined);
    });
    return sound;
  }

  #become(state: "playing" | "paused"): void {
    const playing = this.#playing.peek();
    if (playing !== undefined) this.#playing.value = { ...playing, state };
  }

  #end(id: MessageId): void {
    this.#starts += 1;
    batch(() => {
      this.#playing.value = undefined;
      this.#position.value = 0;
    });
    this.#release(id);
  }
}

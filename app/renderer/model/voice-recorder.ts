import { signal, type ReadonlySignal } from "@preact/signals";
import { loudness } from "./voice-waveform.ts";

/** Longer ones are a talk, for which there are files. */
export const MAX_VOICE_MS = 15 * 60_000;
/** A press by mistake. */
export const MIN_VOICE_MS = 500;

/** How often loudness is looked at: 9,000 numbers in the longest message. */
const LEVEL_MS = 100;
/** Bits per second of Opus: speech without a flaw, 2.7 MB in the longest message. */
const BITS = 24_000;

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

export interface Recording {
  readonly blob: Blob;
  readonly durationMs: number;
  /** 0 to 1, one for each tenth of a second. */
  readonly levels: readonly number[];
}

export type MicrophoneProblem = "denied" | "missing" | "busy" | "unsupported" | "unknown";

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem;
  constructor(problem: MicrophoneProblem, cause?: unknown) {
    super(`the microphone is ${problem}`, { cause });
    this.name = "MicrophoneError";
    this.problem = problem;
  }
}

export function canRecord(): boolean {
  // Without a secure context a browser shows no devices at all.
  return "MediaRecorder" in globalThis && "mediaDevices" in navigator;
}

/** One voice message while it is spoken. */
export class VoiceRecorder {
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #audio = new AudioContext();
  readonly #chunks: Blob[] = [];
  readonly #levels = signal<readonly number[]>([]);
  readonly #startedAt = performance.now();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #durationMs: number | undefined;

  private constructor(stream: MediaStream) {
    this.#stream = stream;
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: BITS,
      ...(mimeType === undefined ? {} : { mimeType }),
    });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#chunks.push(data));
    this.#recorder.addEventListener("stop", () => this.#stopped.resolve());
    const analyser = this.#audio.createAnalyser();
    analyser.fftSize = 2048;
    this.#audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.#levels.value = [...this.#levels.peek(), loudness(samples)];
    }, LEVEL_MS);
    this.#recorder.start(1000);
  }

  /** Asks for the microphone. Rejects with `MicrophoneError`. */
  static async start(): Promise<VoiceRecorder> {
    if (!canRecord()) throw new MicrophoneError("unsupported");
    let stream: MediaStream | undefined;
    try {
      const audio = { echoCancellation: true, noiseSuppression: true, channelCount: 1 };
      stream = await navigator.mediaDevices.getUserMedia({ audio });
      return new VoiceRecorder(stream);
    } catch (error) {
      // Nobody else would let the microphone go.
      for (const track of stream?.getTracks() ?? []) track.stop();
      throw new MicrophoneError(problemOf(error), error);
    }
  }

  /** Loudness since the beginning. */
  get levels(): ReadonlySignal<readonly number[]> {
    return this.#levels;
  }
  get elapsedMs(): number {
    return this.#durationMs ?? performance.now() - this.#startedAt;
  }

  async finish(): Promise<Recording> {
    const durationMs = Math.round(this.elapsedMs);
    this.#durationMs = durationMs;
    this.cancel();
    await this.#stopped.promise;
    const blob = new Blob(this.#chunks, { type: this.#recorder.mimeType });
    return { blob, durationMs, levels: this.#levels.peek() };
  }

  /** Lets the microphone go; nothing is kept. */
  cancel(): void {
    clearInterval(this.#timer);
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#audio.state !== "closed") void this.#audio.close();
  }
}

/** Media Capture and Streams §10.2.1. */
const problems = new Map<string, MicrophoneProblem>([
  ["NotAllowedError", "denied"],
  ["SecurityError", "denied"],
  ["NotFoundError", "missing"],
  ["OverconstrainedError", "missing"],
  ["NotReadableError", "busy"],
  ["AbortError", "busy"],
]);

function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : "";
  return problems.get(name) ?? "unknown";
}

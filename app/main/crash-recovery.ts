/** The page's process has ended, or hangs: it is opened again, and people are asked when that is no use. */

/** More often than this in a minute, it would only fail again. */
const MAX_RELOADS = 3;
const WINDOW_MS = 60_000;

/** The part of Electron's window and its contents that is used. */
export interface FragilePage {
  onGone(listener: (reason: string) => void): void;
  onHanging(listener: () => void): void;
  onAnswering(listener: () => void): void;
  reload(): void;
  /** Ends a process that hangs; it is gone then. */
  end(): void;
  isDestroyed(): boolean;
}

export interface RecoveryOptions {
  readonly now: () => number;
  readonly report: (problem: unknown) => void;
  /** Asks the person; resolves with what they chose. */
  readonly askCrashed: () => Promise<"reload" | "quit">;
  /** Asks the person; `withdraw` tells that the page answers again. */
  readonly askHanging: (withdraw: AbortSignal) => Promise<"reload" | "wait">;
  readonly quit: () => void;
}

export class CrashRecovery {
  readonly #options: RecoveryOptions;
  /** When it was reloaded, ms. */
  #reloads: number[] = [];
  #hanging: AbortController | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  watch(page: FragilePage): void {
    page.onGone((reason) => {
      // Its window was closed, or the app ends.
      if (reason === "clean-exit" || page.isDestroyed()) return;
      this.#options.report(`the window's process has ended: ${reason}`);
      this.#hanging?.abort();
      this.#recover(page).catch(this.#options.report);
    });
    page.onHanging(() => {
      this.#offer(page).catch(this.#options.report);
    });
    page.onAnswering(() => this.#hanging?.abort());
  }

  async #recover(page: FragilePage): Promise<void> {
    const { now, askCrashed, quit } = this.#options;
    this.#reloads = this.#reloads.filter((at) => now() - at < WINDOW_MS);
    if (this.#reloads.length >= MAX_RELOADS) {
      if ((await askCrashed()) === "quit") {
        quit();
        return;
      }
      this.#reloads = [];
    }
    this.#reloads.push(now());
    if (!page.isDestroyed()) page.reload();
  }

  async #offer(page: FragilePage): Promise<void> {
    if (this.#hanging !== undefined) return;
    const hanging = new AbortController();
    this.#hanging = hanging;
    try {
      const answer = await this.#options.askHanging(hanging.signal);
      if (answer === "reload" && !hanging.signal.aborted && !page.isDestroyed()) page.end();
    } finally {
      this.#hanging = undefined;
    }
  }
}

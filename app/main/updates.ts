/**
 * Updates of the program. They are asked for only where there is a feed: the one that the package was
 * built with, or the administrator's. Without either the updater is not even loaded.
 */
import type { UpdateState } from "../preload/update-state.ts";

/** Starting is busy enough. */
const FIRST_CHECK_MS = 60_000;
const CHECK_INTERVAL_MS = 6 * 60 * 60_000;

/** The part of electron-updater's AppUpdater that is used. */
export interface Updater {
  on(event: "update-available", listener: (info: { readonly version: string }) => void): unknown;
  on(event: "update-not-available", listener: () => void): unknown;
  on(
    event: "download-progress",
    listener: (progress: { readonly percent: number }) => void,
  ): unknown;
  on(event: "update-downloaded", listener: (info: { readonly version: string }) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  checkForUpdates(): Promise<unknown>;
  quitAndInstall(isSilent: boolean, isForceRunAfter: boolean): void;
}

export interface UpdateClock {
  now(): number;
  /** Calls back once, later; returns what cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface UpdatesOptions {
  /** Loads the updater, set to its feed; or why there is none. */
  readonly source: (() => Promise<Updater>) | (UpdateState & { readonly type: "off" })["reason"];
  readonly clock: UpdateClock;
  readonly onChange: (state: UpdateState) => void;
  /** The windows are to close this time, whatever closing them does else. */
  readonly beforeRestart: () => void;
  readonly report: (problem: unknown) => void;
}

/** Says so of a package that is not what its feed announced. */
const UNTRUSTED_CODES: ReadonlySet<unknown> = new Set([
  "ERR_CHECKSUM_MISMATCH",
  "ERR_UPDATER_INVALID_SIGNATURE",
]);

export class Updates {
  readonly #options: UpdatesOptions;
  #state: UpdateState;
  #updater: Promise<Updater> | undefined;
  #cancel: (() => void) | undefined;
  #restarting = false;

  constructor(options: UpdatesOptions) {
    this.#options = options;
    const { source } = options;
    this.#state =
      typeof source === "string" ? { type: "off", reason: source } : { type: "current" };
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Asks for the first time after a while, and then from time to time. */
  start(): void {
    if (this.#state.type !== "off") this.#askAfter(FIRST_CHECK_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Asks now, unless that is going on or an update waits already. Never rejects. */
  async check(): Promise<void> {
    const { source } = this.#options;
    const { type } = this.#state;
    if (typeof source === "string") return;
    if (type === "checking" || type === "downloading" || type === "ready") return;
    this.#change({ type: "checking" });
    try {
      this.#updater ??= this.#listen(source);
      const updater = await this.#updater;
      await updater.checkForUpdates();
    } catch (error) {
      // The updater tells its errors twice: by an event, and here.
      this.#fail(error);
    }
  }

  /** Where an update is ready. */
  async restart(): Promise<void> {
    if (this.#state.type !== "ready" || this.#updater === undefined) return;
    const updater = await this.#updater;
    this.#restarting = true;
    this.#options.beforeRestart();
    updater.quitAndInstall(true, true);
  }

  async #listen(load: () => Promise<Updater>): Promise<Updater> {
    const updater = await load();
    updater.on("update-not-available", () => {
      this.#change({ type: "current", checkedAt: this.#options.clock.now() });
    });
    updater.on("update-available", ({ version }) => {
      this.#change({ type: "downloading", version, percent: 0 });
    });
    updater.on("download-progress", ({ percent }) => {
      if (this.#state.type !== "downloading") return;
      const whole = Math.floor(percent);
      if (whole !== this.#state.percent) this.#change({ ...this.#state, percent: whole });
    });
    updater.on("update-downloaded", ({ version }) => this.#change({ type: "ready", version }));
    updater.on("error", (error) => this.#fail(error));
    return updater;
  }

  #fail(error: unknown): void {
    const { type } = this.#state;
    if (type === "failed") return;
    this.#options.report(error);
    if (type === "ready") {
      // A later failure does not take away what is on the disk already.
      if (this.#restarting) this.#change({ type: "failed", reason: "not-installed" });
      this.#restarting = false;
      return;
    }
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const broken = type === "downloading" ? "interrupted" : "unreachable";
    const reason = UNTRUSTED_CODES.has(code) ? "untrusted" : broken;
    this.#change({ type: "failed", reason });
  }

  #change(state: UpdateState): void {
    this.#state = state;
    this.#options.onChange(state);
  }

  #askAfter(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#askAfter(CHECK_INTERVAL_MS);
      this.check().catch(this.#options.report);
    });
  }
}

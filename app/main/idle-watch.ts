/** Whether somebody is at the machine: nobody is after some minutes without a key, or when it is locked. */

/** How often the system is asked while somebody is there, and while nobody is: back is told at once. */
const POLL_ACTIVE_MS = 15_000;
const POLL_IDLE_MS = 1_000;

/** The part of Electron's powerMonitor that is used. */
export interface IdleSource {
  /** Seconds since the last key or movement. */
  getSystemIdleTime(): number;
  on(event: PowerEvent, listener: () => void): unknown;
}
type PowerEvent = "lock-screen" | "resume" | "suspend" | "unlock-screen";

export interface IdleOptions {
  readonly source: IdleSource;
  /** Minutes; 0 for never. Asked anew every time. */
  readonly minutes: () => number;
  readonly onIdle: (idle: boolean) => void;
  /** The machine was asleep. */
  readonly onResume: () => void;
  /** Calls back once after so many ms; returns what cancels it. */
  readonly after: (ms: number, task: () => void) => () => void;
}

export class IdleWatch {
  readonly #options: IdleOptions;
  #cancel: (() => void) | undefined;
  #locked = false;
  #idle = false;

  constructor(options: IdleOptions) {
    this.#options = options;
    const { source, onResume } = options;
    const lock = (locked: boolean) => (): void => {
      this.#locked = locked;
      this.look();
    };
    source.on("lock-screen", lock(true));
    source.on("unlock-screen", lock(false));
    source.on("suspend", () => this.look());
    source.on("resume", () => {
      onResume();
      this.look();
    });
    this.look();
  }

  /** Is nobody there? */
  get idle(): boolean {
    return this.#idle;
  }

  /** Looks now, for instance because the setting was changed. */
  look(): void {
    this.#cancel?.();
    const { source, minutes, onIdle, after } = this.#options;
    const limit = minutes() * 60;
    const idle = limit > 0 && (this.#locked || source.getSystemIdleTime() >= limit);
    this.#cancel = after(idle ? POLL_IDLE_MS : POLL_ACTIVE_MS, () => this.look());
    if (idle === this.#idle) return;
    this.#idle = idle;
    onIdle(idle);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** The unread count on the icon of the app: dock, launcher or task bar. */

/** The parts of Electron's app and window that are used. */
export interface BadgeSurface {
  /** macOS, and Linux launchers that know of it. */
  setBadgeCount(count: number): void;
  /** Windows: a small mark on the task bar's button; undefined takes it away. */
  setOverlay(description: string | undefined): void;
}

export class Badge {
  readonly #surface: BadgeSurface;
  readonly #describe: (count: number) => string;
  #count = 0;

  /** @param describe read aloud for the mark on the task bar */
  constructor(surface: BadgeSurface, describe: (count: number) => string) {
    this.#surface = surface;
    this.#describe = describe;
  }

  set(count: number): void {
    this.#count = count;
    this.refresh();
  }

  /** For a new window, or in other words. */
  refresh(): void {
    this.#surface.setBadgeCount(this.#count);
    this.#surface.setOverlay(this.#count > 0 ? this.#describe(this.#count) : undefined);
  }
}

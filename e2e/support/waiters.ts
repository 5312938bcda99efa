/** Whoever waits for something to hold, and is asked to look again whenever anything has happened. */
export class Waiters {
  readonly #name: string;
  readonly #looks = new Set<() => void>();

  /** @param name who waits, for the error */
  constructor(name: string) {
    this.#name = name;
  }

  /** Something happened: all look again. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** @throws Error after `timeoutMs`, naming `what` */
  async until(what: string, holds: () => boolean, timeoutMs: number): Promise<void> {
    const found = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) found.resolve();
    };
    const timer = setTimeout(
      () => found.reject(new Error(`${this.#name} waited in vain: ${what}`)),
      timeoutMs,
    );
    this.#looks.add(look);
    try {
      look();
      await found.promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }
}

import type { ClientEvent } from "./client-wire.ts";

export interface UntilOptions {
  /** 20 s unless given. */
  readonly timeoutMs?: number;
  /** Where in `events` to begin; from their start if left out. */
  readonly after?: number;
}

/** Everything that a client told, in order. It may outlive the client's process. */
export class EventLog {
  readonly events: ClientEvent[] = [];
  readonly #waiters = new Set<() => void>();

  add(event: ClientEvent): void {
    this.events.push(event);
    for (const look of this.#waiters) look();
  }

  /**
   * The first event that `find` makes something of: one to come, or one told already.
   * @throws Error after `timeoutMs`, naming `what`; whatever `find` throws
   */
  async until<T>(
    what: string,
    find: (event: ClientEvent) => T | undefined,
    { timeoutMs = 20_000, after = 0 }: UntilOptions = {},
  ): Promise<T> {
    let looked = after;
    const found = Promise.withResolvers<T>();
    const look = () => {
      try {
        for (const event of this.events.slice(looked)) {
          looked += 1;
          const result = find(event);
          if (result !== undefined) found.resolve(result);
        }
      } catch (error) {
        found.reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const timer = setTimeout(
      () => found.reject(new Error(`waited ${timeoutMs} ms in vain: ${what}`)),
      timeoutMs,
    );
    this.#waiters.add(look);
    try {
      look();
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(look);
    }
  }
}

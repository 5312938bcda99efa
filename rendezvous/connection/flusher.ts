/** Something that gathers writes until it is told to let them go. */
export interface Flushable {
  flush(): void;
}

/**
 * Lets the writes of one turn of the event loop go together: a socket takes many frames in one
 * system call. `setImmediate` comes right after the loop's poll phase, when all sockets were read.
 */
export class Flusher {
  #waiting: Flushable[] = [];
  readonly #flushAll = (): void => {
    const now = this.#waiting;
    this.#waiting = [];
    for (const one of now) one.flush();
  };

  /** Each may be added once per turn; that is for the caller to know. */
  add(one: Flushable): void {
    if (this.#waiting.push(one) === 1) setImmediate(this.#flushAll);
  }
}

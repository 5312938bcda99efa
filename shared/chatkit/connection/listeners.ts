import type { Log } from "../ports.ts";

/** Handlers of one event, called in the order of their subscription. One that throws harms no other. */
export class Listeners<A extends readonly unknown[]> {
  readonly #handlers = new Set<{ readonly call: (...args: A) => void }>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Returns the function that ends the subscription. */
  add(call: (...args: A) => void): () => void {
    const handler = { call };
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  emit(...args: A): void {
    for (const handler of this.#handlers) {
      try {
        handler.call(...args);
      } catch (error) {
        this.#log.error("a handler threw", { error });
      }
    }
  }
}

import type { ChatKitEvents } from "./api.ts";
import type { Log } from "./ports.ts";

type Handler<E extends keyof ChatKitEvents> = (payload: ChatKitEvents[E]) => void;

/** The host's handlers. One that throws harms nobody else: the host is told by a notice. */
export class Emitter {
  readonly #log: Log;
  readonly #handlers: { readonly [E in keyof ChatKitEvents]: Set<{ readonly call: Handler<E> }> } =
    {
      connection: new Set(),
      self: new Set(),
      roster: new Set(),
      group: new Set(),
      rosterRemoved: new Set(),
      devices: new Set(),
      safety: new Set(),
      conversation: new Set(),
      message: new Set(),
      messageChanged: new Set(),
      typing: new Set(),
      link: new Set(),
      route: new Set(),
      transfer: new Set(),
      messagesRemoved: new Set(),
      historyMerged: new Set(),
      notice: new Set(),
    };

  constructor(log: Log) {
    this.#log = log;
  }

  on<E extends keyof ChatKitEvents>(event: E, call: Handler<E>): () => void {
    const handler = { call };
    const handlers: Set<{ readonly call: Handler<E> }> = this.#handlers[event];
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  emit<E extends keyof ChatKitEvents>(event: E, payload: ChatKitEvents[E]): void {
    const handlers: ReadonlySet<{ readonly call: Handler<E> }> = this.#handlers[event];
    for (const handler of handlers) {
      try {
        handler.call(payload);
      } catch (error) {
        this.#log.error("a handler of the host threw", { event, error });
        if (event === "notice") continue;
        this.emit("notice", {
          kind: "handler-failed",
          detail: `A handler of "${event}" threw.`,
          ...(error instanceof Error ? { error } : {}),
        });
      }
    }
  }
}

import type { EventName, EventParams } from "../../protocol/index.ts";
import type { Log } from "../ports.ts";
import { Listeners } from "./listeners.ts";

/** Handlers of the server's events, by the event's name. */
export class EventListeners {
  readonly #table: { readonly [E in EventName]: Listeners<[EventParams<E>]> };

  constructor(log: Log) {
    this.#table = {
      "roster.changed": new Listeners(log),
      "roster.removed": new Listeners(log),
      "presence.changed": new Listeners(log),
      "self.changed": new Listeners(log),
      "devices.changed": new Listeners(log),
      "conversation.changed": new Listeners(log),
      "group.changed": new Listeners(log),
      "keyPackages.low": new Listeners(log),
      "signal.received": new Listeners(log),
      "relay.opened": new Listeners(log),
      "relay.closed": new Listeners(log),
      "relay.flow": new Listeners(log),
      "mailbox.arrived": new Listeners(log),
    };
  }

  add<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void {
    return this.#table[event].add(handler);
  }

  emit<E extends EventName>(event: E, params: EventParams<E>): void {
    this.#table[event].emit(params);
  }
}

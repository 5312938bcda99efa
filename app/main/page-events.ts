import type { BridgeEvent } from "../preload/bridge.ts";

/** More wait for no page: older ones are of no use by then. */
const MAX_WAITING = 16;

/** What the shell tells its page; what happens before the page listens waits for it. */
export class PageEvents {
  readonly #send: (event: BridgeEvent) => void;
  #waiting: BridgeEvent[] = [];
  #listening = false;

  /** @param send to the page that is there now */
  constructor(send: (event: BridgeEvent) => void) {
    this.#send = send;
  }

  tell(event: BridgeEvent): void {
    if (this.#listening) {
      this.#send(event);
      return;
    }
    // Only the last of a kind, but for those that are about something of their own each.
    const several = event.type === "reply" || event.type === "mute";
    const others = this.#waiting.filter(({ type }) => several || type !== event.type);
    this.#waiting = [...others, event].slice(-MAX_WAITING);
  }

  /** The page listens from now on. */
  listen(): void {
    this.#listening = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#send(event);
  }

  /** The page has gone, or is another one. */
  reset(): void {
    this.#listening = false;
  }
}

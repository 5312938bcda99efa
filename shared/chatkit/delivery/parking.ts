import type { ConversationId, DeviceId, MessageId } from "../../protocol/index.ts";
import {
  MAX_PARKED,
  MAX_PARKED_LOTS,
  MAX_PARKED_PER_SENDER,
  SECURING_RETRY_MS,
} from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { Arrival } from "./arrival.ts";

interface Place {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly from: DeviceId;
}

interface Lot {
  /** From links, in the order in which they came; one that came again takes the place it had. */
  readonly arrivals: Map<MessageId, Arrival>;
  /** Some were left in the mailbox. */
  hasMail: boolean;
  /** Ends a pause. */
  wake: (() => void) | undefined;
}

interface ParkingOptions {
  readonly clock: Clock;
  /** The group has caught up: they are to be opened again, before what came since. */
  readonly onReady: (arrivals: readonly Arrival[]) => void;
  /** What was left in the mailbox is to be fetched anew. */
  readonly onMail: () => void;
}

/**
 * Envelopes whose conversation's group must catch up before they can be opened. They wait by sender
 * device and conversation, so that nobody waits for another; those from the mailbox stay there.
 */
export class Parking {
  readonly #options: ParkingOptions;
  readonly #lots = new Map<string, Lot>();
  #size = 0;
  #closed = false;

  constructor(options: ParkingOptions) {
    this.#options = options;
  }

  /** True where envelopes of that sender wait: this one belongs behind them. */
  has(place: Omit<Place, "id">): boolean {
    return this.#lots.has(nameOf(place));
  }

  /**
   * Keeps the arrival, or settles it.
   * @param ready when to try again, where `has` was false; as `Opened` says
   */
  park(place: Place, arrival: Arrival, ready?: Promise<boolean>): void {
    const name = nameOf(place);
    let lot = this.#lots.get(name);
    if (lot === undefined && this.#lots.size >= MAX_PARKED_LOTS) return this.#leave(arrival);
    if (lot === undefined) {
      lot = { arrivals: new Map(), hasMail: false, wake: undefined };
      this.#lots.set(name, lot);
      void this.#wait(name, lot, ready ?? Promise.resolve(true));
    }
    if (arrival.settle !== undefined) {
      lot.hasMail = true;
      arrival.settle("behind");
      return;
    }
    const isNew = !lot.arrivals.has(place.id);
    const isFull = lot.arrivals.size >= MAX_PARKED_PER_SENDER || this.#size >= MAX_PARKED;
    if (isNew && isFull) return;
    if (isNew) this.#size++;
    lot.arrivals.set(place.id, arrival);
  }

  /** There is room for no more: a link's is sent again, the mailbox's is fetched with another's. */
  #leave(arrival: Arrival): void {
    const [lot] = this.#lots.values();
    if (arrival.settle === undefined || lot === undefined) return;
    lot.hasMail = true;
    arrival.settle("behind");
  }

  /** The server is back: what waited for it is tried again. */
  again(): void {
    for (const lot of this.#lots.values()) lot.wake?.();
  }

  close(): void {
    this.#closed = true;
    for (const lot of this.#lots.values()) lot.wake?.();
    this.#lots.clear();
  }

  async #wait(name: string, lot: Lot, ready: Promise<boolean>): Promise<void> {
    if (!(await ready)) await this.#pause(lot);
    if (this.#closed) return;
    this.#lots.delete(name);
    this.#size -= lot.arrivals.size;
    this.#options.onReady([...lot.arrivals.values()]);
    if (lot.hasMail) this.#options.onMail();
  }

  #pause(lot: Lot): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(resolve, SECURING_RETRY_MS);
    lot.wake = () => {
      timer.cancel();
      resolve();
    };
    return promise;
  }
}

function nameOf({ conversationId, from }: Omit<Place, "id">): string {
  return `${conversationId}/${from}`;
}

import type { ConversationId, DeviceId } from "../../protocol/index.ts";
import { HOLD_BACK_MS, MAX_HELD_BACK } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";

interface Held {
  readonly sequence: number;
  readonly after: number;
  readonly tell: () => void;
}

interface Stream {
  /** Everything up to this sequence was told, or given up waiting for. */
  told: number;
  /** In ascending sequence. */
  held: Held[];
  timer: Timer | undefined;
}

/**
 * Tells the messages of each sender device in their sequence (SPEC O3). One that comes before its
 * predecessor is held back until that arrives, for a bounded time and number; one that comes
 * later still is told at once. Only the telling waits: the messages are durable and acknowledged.
 */
export class HoldBack {
  readonly #clock: Clock;
  readonly #streams = new Map<string, Stream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param told the highest sequence that is durable, from before a restart */
  resume(conversationId: ConversationId, from: string, told: number): void {
    this.#stream(conversationId, from).told = told;
  }

  /** Calls `tell` now or later, exactly once. */
  offer(
    place: { conversationId: ConversationId; from: DeviceId; sequence: number; after: number },
    tell: () => void,
  ): void {
    const stream = this.#stream(place.conversationId, place.from);
    const { sequence, after } = place;
    if (after <= stream.told) {
      stream.told = Math.max(stream.told, sequence);
      tell();
      this.#tellReady(stream);
      return;
    }
    const later = stream.held.findIndex((held) => held.sequence > sequence);
    stream.held.splice(later === -1 ? stream.held.length : later, 0, { sequence, after, tell });
    if (stream.held.length > MAX_HELD_BACK) this.#tellAll(stream);
    else stream.timer ??= this.#clock.setTimer(() => this.#tellAll(stream), HOLD_BACK_MS);
  }

  /** Tells everything that is still held. */
  close(): void {
    for (const stream of this.#streams.values()) this.#tellAll(stream);
  }

  #tellReady(stream: Stream): void {
    for (let [held] = stream.held; held !== undefined; [held] = stream.held) {
      if (held.after > stream.told) return;
      stream.held.shift();
      stream.told = Math.max(stream.told, held.sequence);
      held.tell();
    }
    stream.timer?.cancel();
    stream.timer = undefined;
  }

  #tellAll(stream: Stream): void {
    stream.timer?.cancel();
    stream.timer = undefined;
    const { held } = stream;
    stream.held = [];
    for (const { sequence, tell } of held) {
      stream.told = Math.max(stream.told, sequence);
      tell();
    }
  }

  #stream(conversationId: ConversationId, from: string): Stream {
    const name = `${conversationId}/${from}`;
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { told: 0, held: [], timer: undefined };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

import type { MessageId } from "../../protocol/index.ts";
import { TRANSFER_EVENT_MS, TRANSFER_SPEED_MS } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";
import type { Transfer } from "./files-api.ts";

/** What is shown of a file, without what follows from its recent progress. */
export type Standing = Omit<Transfer, "bytesPerSecond" | "remainingMs">;

interface Shown {
  standing: Standing;
  /** Bytes at times, the oldest first; one for each event at most. */
  samples: { readonly at: number; readonly bytes: number }[];
  toldAt: number;
  timer: Timer | undefined;
}

/**
 * What is under way, waits or has failed: told at most four times a second for each file, and with
 * the speed of the last seconds. Bounded by those who put things up: fetches and streams.
 */
export class TransferBoard {
  readonly #clock: Clock;
  readonly #onTransfer: (transfer: Transfer) => void;
  readonly #shown = new Map<MessageId, Shown>();

  constructor(clock: Clock, onTransfer: (transfer: Transfer) => void) {
    this.#clock = clock;
    this.#onTransfer = onTransfer;
  }

  list(): readonly Transfer[] {
    return [...this.#shown.values()].map((shown) => this.#transfer(shown));
  }

  get(messageId: MessageId): Transfer | undefined {
    const shown = this.#shown.get(messageId);
    return shown && this.#transfer(shown);
  }

  /** A change of state is told at once, more bytes in their time. */
  put(standing: Standing): void {
    const { messageId, state } = standing;
    let shown = this.#shown.get(messageId);
    const now = this.#clock.monotonic();
    if (shown === undefined) {
      shown = { standing, samples: [], toldAt: -Infinity, timer: undefined };
      this.#shown.set(messageId, shown);
    } else if (shown.standing.state !== state) {
      shown.toldAt = -Infinity;
    }
    if (state !== "active" || standing.bytes < shown.standing.bytes) shown.samples = [];
    shown.standing = standing;
    const dueIn = shown.toldAt + TRANSFER_EVENT_MS - now;
    if (dueIn <= 0) this.#tell(shown);
    else shown.timer ??= this.#clock.setTimer(() => this.#tell(shown), dueIn);
  }

  /** Told a last time, and not in the list any more. */
  end(standing: Standing): void {
    this.remove(standing.messageId);
    this.#onTransfer(standing);
  }

  remove(messageId: MessageId): void {
    this.#shown.get(messageId)?.timer?.cancel();
    this.#shown.delete(messageId);
  }

  close(): void {
    for (const { timer } of this.#shown.values()) timer?.cancel();
    this.#shown.clear();
  }

  #tell(shown: Shown): void {
    shown.timer?.cancel();
    shown.timer = undefined;
    const at = this.#clock.monotonic();
    shown.toldAt = at;
    if (shown.standing.state === "active") {
      shown.samples.push({ at, bytes: shown.standing.bytes });
      while ((shown.samples[1]?.at ?? at) <= at - TRANSFER_SPEED_MS) shown.samples.shift();
    }
    this.#onTransfer(this.#transfer(shown));
  }

  #transfer({ standing, samples }: Shown): Transfer {
    const [first] = samples;
    if (standing.state !== "active" || first === undefined) return standing;
    const ms = this.#clock.monotonic() - first.at;
    const bytes = standing.bytes - first.bytes;
    if (ms <= 0 || bytes <= 0) return standing;
    const perMs = bytes / ms;
    return {
      ...standing,
      bytesPerSecond: Math.round(perMs * 1000),
      remainingMs: Math.round((standing.size - standing.bytes) / perMs),
    };
  }
}

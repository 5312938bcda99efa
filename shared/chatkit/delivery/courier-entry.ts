import type { Link } from "../link.ts";
import type { Path, PathReason } from "./delivery-state.ts";
import type { OutboxItem } from "./outbox.ts";

/** One message on its way to one device. */
export interface CourierEntry {
  readonly item: OutboxItem;
  /** `securing`: waits to be sealed. `held`: could not be opened there; waits to be sealed anew. */
  state: "queued" | "securing" | "leaving" | "in-flight" | "stored" | "held" | "done";
  /** Transmissions so far, those before a restart not counted. */
  tries: number;
  /** How often the device could not open it since something about it changed. */
  unreadable: number;
  /** Monotonic, ms; while it is held. */
  heldUntil: number;
  /** How it went last, for the receipt that will come. */
  way: Way | undefined;
}

export interface Way {
  readonly path: Path;
  readonly reason: PathReason;
  /** Absent for the mailbox. */
  readonly link: Link | undefined;
  /** Monotonic, ms. */
  readonly sentAt: number;
}

/** @param stored the mailbox has it already, from before a restart */
export function courierEntry(item: OutboxItem, stored: boolean): CourierEntry {
  return {
    item,
    state: stored ? "stored" : "queued",
    tries: stored ? 1 : 0,
    unreadable: 0,
    heldUntil: 0,
    way: undefined,
  };
}

/** What waits to leave for one device, first queued first out. */
export class CourierQueue {
  #entries: CourierEntry[] = [];
  #first = 0;

  push(entry: CourierEntry): void {
    this.#entries.push(entry);
  }

  /** The first that still waits. */
  peek(): CourierEntry | undefined {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined) {
        this.#entries = [];
        this.#first = 0;
        return undefined;
      }
      if (entry.state === "queued") return entry;
      this.#first++;
    }
  }

  /** Up to `limit` that wait, from the first on. */
  first(limit: number): CourierEntry[] {
    const found: CourierEntry[] = [];
    for (let at = this.#first; at < this.#entries.length && found.length < limit; at++) {
      const entry = this.#entries[at];
      if (entry?.state === "queued") found.push(entry);
    }
    return found;
  }

  /** Puts entries that left in vain back to their places. */
  putBack(entries: readonly CourierEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) entry.state = "queued";
    const waiting = this.#entries.slice(this.#first).filter((entry) => entry.state === "queued");
    this.#entries = [...new Set([...entries, ...waiting])].toSorted(
      (a, b) => a.item.position - b.item.position,
    );
    this.#first = 0;
  }
}

import { ACK_TIMEOUT_MAX_MS, ACK_TIMEOUT_MIN_MS, LATE_TIMER_MS } from "../limits.ts";
import type { Link } from "../link.ts";
import type { Clock, Timer } from "../ports.ts";
import type { CourierEntry } from "./courier-entry.ts";

interface AckWindowHandlers {
  /** Nothing at all came back over the link in time; `entries` are all that were sent over it. */
  onSilent(link: Link, entries: readonly CourierEntry[]): void;
  /** The link lives, yet these were not acknowledged in time. */
  onOverdue(entries: readonly CourierEntry[]): void;
}

/** Messages sent over links to one device and not acknowledged yet. Times are monotonic ms. */
export class AckWindow {
  readonly #clock: Clock;
  readonly #handlers: AckWindowHandlers;
  /** First sent first. */
  readonly #flying = new Set<CourierEntry>();
  readonly #heard = new WeakMap<Link, number>();
  #timer: Timer | undefined;
  #dueAt = 0;
  /** The last check came late and judged nothing. */
  #excused = false;
  #smoothedMs: number | undefined;

  constructor(clock: Clock, handlers: AckWindowHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#flying.size;
  }

  add(entry: CourierEntry): void {
    this.#flying.add(entry);
    this.#rearm(this.#timeoutMs());
  }

  /** The round trip, where the entry was in flight. */
  acknowledged(entry: CourierEntry): number | undefined {
    if (!this.#flying.has(entry) || entry.way === undefined) return undefined;
    const roundTrip = this.#clock.monotonic() - entry.way.sentAt;
    // As TCP smooths it (RFC 6298 §2.3); a message sent twice tells nothing (Karn).
    if (entry.tries === 1) {
      this.#smoothedMs = (this.#smoothedMs ?? roundTrip) * 0.875 + roundTrip * 0.125;
    }
    return roundTrip;
  }

  remove(entry: CourierEntry): void {
    this.#flying.delete(entry);
  }

  heard(link: Link): void {
    this.#heard.set(link, this.#clock.monotonic());
  }

  /** Takes out, and returns, all that went over the link. */
  removeLink(link: Link): readonly CourierEntry[] {
    const gone = [...this.#flying].filter((entry) => entry.way?.link === link);
    for (const entry of gone) this.#flying.delete(entry);
    return gone;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flying.clear();
  }

  #timeoutMs(): number {
    const expected = this.#smoothedMs === undefined ? 2 * ACK_TIMEOUT_MIN_MS : 3 * this.#smoothedMs;
    return Math.min(Math.max(expected, ACK_TIMEOUT_MIN_MS), ACK_TIMEOUT_MAX_MS);
  }

  #check(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    const timeout = this.#timeoutMs();
    // This machine slept or was busy: what came back meanwhile is yet to be read.
    this.#excused = !this.#excused && now - this.#dueAt > LATE_TIMER_MS;
    if (this.#excused) {
      this.#rearm(timeout);
      return;
    }
    const overdue: CourierEntry[] = [];
    for (const entry of this.#flying) {
      const { link, sentAt } = entry.way ?? {};
      if (link === undefined || sentAt === undefined) continue;
      const heardAt = this.#heard.get(link) ?? -Infinity;
      // A slow link that still brings answers is given time.
      if (now - Math.max(sentAt, heardAt) < timeout) continue;
      if (heardAt < sentAt) {
        const gone = this.removeLink(link);
        this.#rearm(timeout);
        this.#handlers.onSilent(link, gone);
        return;
      }
      overdue.push(entry);
    }
    for (const entry of overdue) this.#flying.delete(entry);
    this.#rearm(timeout);
    if (overdue.length > 0) this.#handlers.onOverdue(overdue);
  }

  /** Checks four times in a time-out, so that a loss is seen soon after it is due. */
  #rearm(timeout: number): void {
    if (this.#flying.size === 0) return;
    if (this.#timer !== undefined) return;
    this.#dueAt = this.#clock.monotonic() + timeout / 4;
    this.#timer = this.#clock.setTimer(() => this.#check(), timeout / 4);
  }
}

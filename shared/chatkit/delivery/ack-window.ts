import { ACK_TIMEOUT_MAX_MS, ACK_TIMEOUT_MIN_MS, LATE_TIMER_MS } from "../limits.ts";
import { LINK_QUEUE_BYTES, type Link } from "../link.ts";
import type { Clock, Timer } from "../ports.ts";
import type { CourierEntry } from "./courier-entry.ts";

interface AckWindowHandlers {
  /** Asks for a sign of life of the link. */
  prove(link: Link): void;
  /** When anything at all came over the link last, monotonic. */
  heardAt(link: Link): number | undefined;
  /** Nothing at all came back over the link in time; `entries` are all that were sent over it. */
  onSilent(link: Link, entries: readonly CourierEntry[]): void;
  /** The link lives, yet these were not acknowledged in time. */
  onOverdue(entries: readonly CourierEntry[]): void;
}

/** After this part of the time-out without an answer the link is asked for a sign of life. */
const PROVE_AFTER = 0.4;

/** The time-outs are looked at so often in one of them, so that a loss is seen soon after it is due. */
const CHECKS = 8;

/** Messages sent over links to one device and not acknowledged yet. Times are monotonic ms. */
export class AckWindow {
  readonly #clock: Clock;
  readonly #handlers: AckWindowHandlers;
  /** First sent first. */
  readonly #flying = new Set<CourierEntry>();
  readonly #heard = new WeakMap<Link, number>();
  /** What the links had buffered at the last check. */
  readonly #buffered = new WeakMap<Link, number>();
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
    const roundTrips = this.#smoothedMs === undefined ? ACK_TIMEOUT_MIN_MS : 2 * this.#smoothedMs;
    return Math.min(roundTrips + ACK_TIMEOUT_MIN_MS, ACK_TIMEOUT_MAX_MS);
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
    this.#noteDraining();
    const overdue: CourierEntry[] = [];
    for (const entry of this.#flying) {
      const { link, sentAt } = entry.way ?? {};
      if (link === undefined || sentAt === undefined) continue;
      // A slow link that still brings answers is given time.
      const quietSince = Math.max(sentAt, this.#heard.get(link) ?? -Infinity);
      const quietMs = now - quietSince;
      if (quietMs < timeout) {
        if (quietMs >= timeout * PROVE_AFTER) this.#handlers.prove(link);
        continue;
      }
      if ((this.#handlers.heardAt(link) ?? -Infinity) <= quietSince) {
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

  /** What waits to leave and does leave, the other end takes: it is no sooner answered for being sent again. */
  #noteDraining(): void {
    const links = new Set([...this.#flying].map(({ way }) => way?.link));
    for (const link of links) {
      if (link === undefined) continue;
      const { bufferedAmount } = link;
      const before = this.#buffered.get(link) ?? 0;
      this.#buffered.set(link, bufferedAmount);
      if (before > LINK_QUEUE_BYTES && bufferedAmount < before) this.heard(link);
    }
  }

  #rearm(timeout: number): void {
    if (this.#flying.size === 0) return;
    if (this.#timer !== undefined) return;
    this.#dueAt = this.#clock.monotonic() + timeout / CHECKS;
    this.#timer = this.#clock.setTimer(() => this.#check(), timeout / CHECKS);
  }
}

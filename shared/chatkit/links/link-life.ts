import { LATE_TIMER_MS } from "../limits.ts";
import { LINK_QUEUE_BYTES, type Link } from "../link.ts";
import type { Ports, Timer } from "../ports.ts";

export interface LinkLifeOptions {
  readonly ports: Pick<Ports, "clock" | "log">;
  /** @throws LinkError */
  readonly ping: (link: Link) => Promise<number>;
  /** Nothing came back in time. */
  readonly onSilent: (link: Link) => void;
}

interface Probe {
  readonly withinMs: number;
  heardBefore: number;
  buffered: number;
  timer: Timer;
  excused: boolean;
}

/** Which links give signs of life: whatever they bring is one. Times are monotonic ms. */
export class LinkLife {
  readonly #options: LinkLifeOptions;
  readonly #heard = new WeakMap<Link, { at: number; frames: number }>();
  /** At most one for each open link. */
  readonly #probes = new Map<Link, Probe>();

  constructor(options: LinkLifeOptions) {
    this.#options = options;
  }

  heard(link: Link): void {
    const at = this.#options.ports.clock.monotonic();
    const heard = this.#heard.get(link);
    if (heard === undefined) this.#heard.set(link, { at, frames: 1 });
    else {
      heard.at = at;
      heard.frames += 1;
    }
  }

  heardAt(link: Link): number | undefined {
    return this.#heard.get(link)?.at;
  }

  /** Asks for a sign of life. `heardAt` tells what comes of it. */
  prove(link: Link): void {
    this.#options.ping(link).catch((error: unknown) => {
      this.#options.ports.log.debug("no answer to a ping", { error });
    });
  }

  /** Asks for a sign of life, and tells where none came in that time. An unanswered question stands. */
  probe(link: Link, withinMs: number): void {
    const underWay = this.#probes.get(link);
    if (underWay !== undefined && underWay.heardBefore === this.#frames(link)) return;
    // What came before there was a reason to ask again proves nothing of now.
    underWay?.timer.cancel();
    this.#probes.set(link, {
      withinMs,
      heardBefore: this.#frames(link),
      buffered: link.bufferedAmount,
      timer: this.#judgeIn(link, withinMs),
      excused: false,
    });
    this.prove(link);
  }

  /** The link has ended. */
  forget(link: Link): void {
    this.#probes.get(link)?.timer.cancel();
    this.#probes.delete(link);
  }

  #frames(link: Link): number {
    return this.#heard.get(link)?.frames ?? 0;
  }

  #judgeIn(link: Link, ms: number): Timer {
    const { clock } = this.#options.ports;
    const dueAt = clock.monotonic() + ms;
    return clock.setTimer(() => this.#judge(link, clock.monotonic() - dueAt), ms);
  }

  #judge(link: Link, lateMs: number): void {
    const probe = this.#probes.get(link);
    if (probe === undefined) return;
    if (this.#frames(link) > probe.heardBefore) return void this.#probes.delete(link);
    const { bufferedAmount } = link;
    // The ping waits behind what was sent before it, and that leaves: the other end takes it.
    const leaves = probe.buffered > LINK_QUEUE_BYTES && bufferedAmount < probe.buffered;
    // This machine slept or was busy: what came back meanwhile is yet to be read.
    const late = lateMs > LATE_TIMER_MS && !probe.excused;
    if (leaves || late) {
      probe.buffered = bufferedAmount;
      probe.excused = late;
      probe.timer = this.#judgeIn(link, late ? LATE_TIMER_MS : probe.withinMs);
      return;
    }
    this.#probes.delete(link);
    this.#options.onSilent(link);
  }
}

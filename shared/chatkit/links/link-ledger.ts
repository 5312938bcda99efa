import type { DeviceId } from "../../protocol/index.ts";
import type { CandidatePair, Clock, Timer } from "../ports.ts";
import type { LinkPeer } from "../link.ts";

/** Figures of a device are told to the user interface at most this often. */
export const FIGURES_EVERY_MS = 1_000;

/** Devices whose figures are kept, a full roster and some that left; the first go first. */
export const MAX_FIGURES = 2_048;

/** What is known of the links to one device, in figures. */
export interface Figures {
  readonly peer: LinkPeer;
  bytesSent: number;
  bytesReceived: number;
  /** Of the direct link that is open. */
  pair: CandidatePair | undefined;
}

/** Figures of links, told in bundles. They outlive links and connections, not the program. */
export class LinkLedger {
  readonly #clock: Clock;
  readonly #onFigures: (peer: LinkPeer) => void;
  readonly #figures = new Map<DeviceId, Figures>();
  readonly #changed = new Set<DeviceId>();
  #timer: Timer | undefined;

  constructor(clock: Clock, onFigures: (peer: LinkPeer) => void) {
    this.#clock = clock;
    this.#onFigures = onFigures;
  }

  get(device: DeviceId): Figures | undefined {
    return this.#figures.get(device);
  }

  /** Notes something; the first is told at once, what follows in the same second after it. */
  note(peer: LinkPeer, change?: (figures: Figures) => void): void {
    const { deviceId } = peer;
    const known = this.#figures.get(deviceId);
    const figures = known ?? {
      peer,
      bytesSent: 0,
      bytesReceived: 0,
      pair: undefined,
    };
    change?.(figures);
    if (known === undefined) this.#keep(figures);
    this.#changed.add(deviceId);
    // What is told now, in the middle of sending, would cost the sender time: a moment later.
    this.#timer ??= this.#clock.setTimer(() => this.#tell(), 0);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #keep(figures: Figures): void {
    this.#figures.set(figures.peer.deviceId, figures);
    for (const device of this.#figures.keys()) {
      if (this.#figures.size <= MAX_FIGURES) return;
      this.#figures.delete(device);
    }
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#changed.size === 0) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#timer = this.#clock.setTimer(() => this.#tell(), FIGURES_EVERY_MS);
    for (const device of changed) {
      const figures = this.#figures.get(device);
      if (figures !== undefined) this.#onFigures(figures.peer);
    }
  }
}

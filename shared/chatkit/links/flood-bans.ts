import type { DeviceId } from "../../protocol/index.ts";
import type { Clock, Timer } from "../ports.ts";

/** A device that flooded a direct link opens none for so long: its messages go by relay, which is bounded. */
export const FLOOD_BAN_MS = 5 * 60_000;

/** Devices that may open no direct link for a while. Bounded by whom the roster permits links with. */
export class FloodBans {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #ends = new Map<DeviceId, Timer>();

  /** @param onChange a device was banned, or no longer is */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  has(device: DeviceId): boolean {
    return this.#ends.has(device);
  }

  add(device: DeviceId): void {
    this.#ends.get(device)?.cancel();
    const end = this.#clock.setTimer(() => {
      this.#ends.delete(device);
      this.#onChange();
    }, FLOOD_BAN_MS);
    this.#ends.set(device, end);
    this.#onChange();
  }

  close(): void {
    for (const end of this.#ends.values()) end.cancel();
    this.#ends.clear();
  }
}

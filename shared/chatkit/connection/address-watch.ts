import type { TransportAddress } from "../../protocol/index.ts";
import type { Clock, Timer } from "../ports.ts";

/**
 * How often the host's own addresses are looked at: no host of ours tells of a change, a look costs
 * a system call, and what hangs on an old address is noticed about as fast as what falls silent.
 */
export const ADDRESSES_EVERY_MS = 3_000;

export interface AddressWatchOptions {
  readonly clock: Clock;
  readonly addresses: () => readonly TransportAddress[];
  readonly onChange: (addresses: readonly TransportAddress[]) => void;
}

/** Notices that the host has other addresses than before: a cable, a Wi-Fi, a VPN (SPEC L13). */
export class AddressWatch implements Disposable {
  readonly #options: AddressWatchOptions;
  #known: string;
  #timer: Timer | undefined;

  constructor(options: AddressWatchOptions) {
    this.#options = options;
    this.#known = keyOf(options.addresses());
    this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wait(): void {
    this.#timer = this.#options.clock.setTimer(() => this.#look(), ADDRESSES_EVERY_MS);
  }

  #look(): void {
    this.#wait();
    const addresses = this.#options.addresses();
    const key = keyOf(addresses);
    if (key === this.#known) return;
    this.#known = key;
    this.#options.onChange(addresses);
  }
}

/** The order in which a system lists them says nothing. */
function keyOf(addresses: readonly TransportAddress[]): string {
  return addresses
    .map(({ address }) => address)
    .toSorted((a, b) => a.localeCompare(b))
    .join(" ");
}

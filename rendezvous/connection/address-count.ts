import { isLoopback } from "../http/loopback.ts";
import { networkOf } from "../sign-in/sign-in-throttle.ts";

/** Counts open connections by the network they come from. This machine's own are not counted. */
export class AddressCount {
  readonly #counts = new Map<string, number>();
  readonly #most: number;
  readonly #isOwn: (address: string) => boolean;

  constructor(most: number, isOwn: (address: string) => boolean = isLoopback) {
    this.#most = most;
    this.#isOwn = isOwn;
  }

  hasRoom(address: string): boolean {
    return this.#isOwn(address) || (this.#counts.get(networkOf(address)) ?? 0) < this.#most;
  }

  opened(address: string): void {
    if (this.#isOwn(address)) return;
    const network = networkOf(address);
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1);
  }

  closed(address: string): void {
    const network = networkOf(address);
    const count = this.#counts.get(network);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(network, count - 1);
    else this.#counts.delete(network);
  }
}

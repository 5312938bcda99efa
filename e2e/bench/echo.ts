import * as v from "valibot";
import { timeEach, type Latencies } from "./statistics.ts";

const Ping = v.object({ count: v.number(), bytes: v.number() });

/** One end of a raw channel: sends back what comes, until it is asked to ping itself. */
export class Echo {
  readonly #send: (data: Uint8Array) => void;
  #pinging = false;
  #back: (() => void) | undefined;

  constructor(send: (data: Uint8Array) => void) {
    this.#send = send;
  }

  receive(data: Uint8Array): void {
    if (this.#pinging) this.#back?.();
    else this.#send(data);
  }

  /** Times `count` round trips of `bytes` bytes. */
  ping(args: unknown): Promise<Latencies> {
    const { count, bytes } = v.parse(Ping, args);
    const payload = new Uint8Array(bytes);
    this.#pinging = true;
    return timeEach(count, () => {
      const back = Promise.withResolvers<void>();
      this.#back = back.resolve;
      this.#send(payload);
      return back.promise;
    });
  }
}

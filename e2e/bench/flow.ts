import * as v from "valibot";

const Sent = v.object({ bytes: v.number(), chunk: v.number() });

/** Many bytes one way over a raw channel. */
export class Flow {
  readonly #send: (data: Uint8Array) => Promise<void>;
  #missing = 0;
  #all: (() => void) | undefined;

  /** @param send resolves when the channel may take the next */
  constructor(send: (data: Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves once so many bytes have come. */
  expect(args: unknown): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#missing = v.parse(v.number(), args);
    this.#all = resolve;
    return promise;
  }

  /** False where nothing is expected. */
  receive(data: Uint8Array): boolean {
    if (this.#all === undefined) return false;
    this.#missing -= data.length;
    if (this.#missing <= 0) {
      this.#all();
      this.#all = undefined;
    }
    return true;
  }

  async send(args: unknown): Promise<void> {
    const { bytes, chunk } = v.parse(Sent, args);
    const payload = new Uint8Array(chunk);
    const under = new Set<Promise<void>>();
    for (let sent = 0; sent < bytes; sent += chunk) {
      const one = this.#send(payload).then(() => void under.delete(one));
      under.add(one);
      // Some wait in the channel's own queue, so that it never runs empty.
      if (under.size >= AT_ONCE) await Promise.race(under);
    }
    await Promise.all(under);
  }
}

const AT_ONCE = 8;

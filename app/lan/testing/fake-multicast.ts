import type { Multicast, MulticastHandlers, OpenMulticast } from "../multicast-socket.ts";

/** One network's multicast group: whatever is sent reaches all, its sender included. */
export class FakeMulticast {
  readonly #members = new Set<MulticastHandlers>();
  readonly #cut = new Set<MulticastHandlers>();
  /** Datagrams since the beginning. */
  sent = 0;
  /** Nothing arrives any more, as behind a firewall. */
  silent = false;
  /** Joining fails, as without permission. */
  forbidden = false;

  readonly open: OpenMulticast = async (on, handlers): Promise<Multicast> => {
    await Promise.resolve();
    if (this.forbidden) throw new Error("not permitted");
    this.#members.add(handlers);
    return {
      send: (datagram, sent) => {
        if (!this.#cut.has(handlers)) this.deliver(Buffer.from(datagram), on.address);
        sent(null, datagram.length);
      },
      close: (closed) => {
        this.#members.delete(handlers);
        closed();
      },
    };
  };

  get members(): number {
    return this.#members.size;
  }

  deliver(datagram: Buffer, address: string): void {
    this.sent += 1;
    if (this.silent) return;
    for (const member of this.#members) {
      if (!this.#cut.has(member)) member.onDatagram(datagram, { address, port: 5353 });
    }
  }

  /** Those who are there now get nothing any more, and nothing of them arrives. */
  cutAllBut(first: number): void {
    for (const member of [...this.#members].slice(first)) this.#cut.add(member);
  }
}

import { createSocket, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import type { Clock } from "../clock.ts";
import { RateLimiter } from "../connection/rate-limiter.ts";
import type { Rate } from "../connection/token-bucket.ts";

/** RFC 6762 §3. */
const GROUP = "224.0.0.251";
export const MDNS_PORT = 5353;
/** RFC 6762 §11. */
const TTL = 255;

/**
 * Packets that may be sent: each reaches every machine of the network, and anybody there can ask for
 * it. Who asks and gets no answer asks again (RFC 6762 §5.2).
 */
const SENDING: Rate = { burst: 20, perSecond: 10 };

/**
 * Packets that are looked at: a large office with hundreds of machines has some dozens a second. The
 * rest is dropped before it costs anything; who asks, asks again.
 */
export const RECEIVING: Rate = { burst: 500, perSecond: 100 };

/** RFC 6762 §17. */
const MAX_PACKET_BYTES = 9000;

export interface MulticastSocketOptions {
  readonly clock: Clock;
  /** A packet did not go out, or one that came in could not be dealt with. */
  readonly onError: (error: Error) => void;
  /** Another one than multicast DNS's, for tests. */
  readonly port?: number;
}

type Sent = (error: Error | null, bytes: number) => void;

/**
 * Multicast DNS on one IPv4 interface, as `multicast-dns` takes a socket: bound and joined before it
 * gets it, for its own way of binding throws in a callback, hears nothing where it is bound to an
 * interface's address, and nothing bounds what it sends.
 */
export class MulticastSocket extends EventEmitter<{ message: [Buffer, unknown] }> {
  readonly #socket: Socket;
  readonly #options: MulticastSocketOptions;
  readonly #sending: RateLimiter;
  readonly #receiving: RateLimiter;

  private constructor(socket: Socket, options: MulticastSocketOptions) {
    super();
    this.#socket = socket;
    this.#options = options;
    this.#sending = new RateLimiter(options.clock, SENDING);
    this.#receiving = new RateLimiter(options.clock, RECEIVING);
    socket.on("error", options.onError);
    socket.on("message", (datagram, source) => this.#receive(datagram, source));
  }

  /** @param address the interface's @throws what the system says: no multicast, no permission */
  static async open(address: string, options: MulticastSocketOptions): Promise<MulticastSocket> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        // Bound to its own address a socket would get no multicast.
        socket.bind({ port: options.port ?? MDNS_PORT, address: "0.0.0.0" }, () => {
          socket.off("error", reject);
          resolve();
        });
      });
      socket.addMembership(GROUP, address);
      socket.setMulticastInterface(address);
      socket.setMulticastTTL(TTL);
      // Other programs of this machine hear it as well.
      socket.setMulticastLoopback(true);
      return new MulticastSocket(socket, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** What is over the bound is dropped, as the network itself would. */
  send(
    datagram: Buffer,
    offset: number,
    length: number,
    port: number,
    address: string,
    sent: Sent,
  ): void {
    if (this.#sending.tryTake("") > 0) {
      sent(null, 0);
      return;
    }
    this.#socket.send(datagram, offset, length, port, address, (error, bytes) => {
      if (error !== null) this.#options.onError(error);
      sent(error, bytes);
    });
  }

  close(closed: () => void): void {
    this.#socket.close(closed);
  }

  #receive(datagram: Buffer, source: unknown): void {
    if (datagram.length > MAX_PACKET_BYTES || this.#receiving.tryTake("") > 0) return;
    try {
      this.emit("message", datagram, source);
    } catch (error) {
      // Anybody in the network can send anything: it shall not end the server.
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** What `multicast-dns`, to which `bonjour-service` hands its options on, takes a socket by. */
export function overSocket(socket: MulticastSocket): { socket: MulticastSocket; bind: false } {
  return { socket, bind: false };
}

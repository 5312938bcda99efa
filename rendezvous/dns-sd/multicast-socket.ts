import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
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
const HEADER_BYTES = 12;

/**
 * Packets with more questions, or more records, are dropped: each question is answered by itself, and
 * one packet of 9,000 bytes has room for 1,500, which would take a tenth of a second.
 */
export const MAX_QUESTIONS = 16;
export const MAX_RECORDS = 256;

/** RFC 1918, RFC 3927, and loopback for tests. */
const PRIVATE = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
] as const;

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
  /** It is opened anew when the machine's addresses change. */
  readonly #isNear = nearRule();

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

  #receive(datagram: Buffer, source: RemoteInfo): void {
    // The socket hears the port, not only the group: from farther away nobody has a say (RFC 6762 §11).
    if (!this.#isNear(source.address) || !isModest(datagram)) return;
    if (this.#receiving.tryTake("") > 0) return;
    try {
      this.emit("message", datagram, source);
    } catch (error) {
      // Anybody in the network can send anything: it shall not end the server.
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Says of an address whether it is private, or of one of this machine's own networks. */
export function nearRule(
  interfaces: Interfaces = networkInterfaces(),
): (address: string) => boolean {
  const list = new BlockList();
  for (const [network, prefix] of PRIVATE) list.addSubnet(network, prefix);
  for (const { cidr, family } of Object.values(interfaces).flatMap((own) => own ?? [])) {
    const [network = "", prefix = "32"] = cidr?.split("/") ?? [];
    if (family === "IPv4" && isIPv4(network)) list.addSubnet(network, Number(prefix));
  }
  return (address) => isIPv4(address) && list.check(address);
}

/** By its length and its header (RFC 1035 §4.1.1), before anything is read of it. */
export function isModest(datagram: Buffer): boolean {
  if (datagram.length < HEADER_BYTES || datagram.length > MAX_PACKET_BYTES) return false;
  const [questions, ...records] = [4, 6, 8, 10].map((at) => datagram.readUInt16BE(at));
  const count = records.reduce((sum, one) => sum + one, 0);
  return questions !== undefined && questions <= MAX_QUESTIONS && count <= MAX_RECORDS;
}

/** What `multicast-dns`, to which `bonjour-service` hands its options on, takes a socket by. */
export function overSocket(socket: MulticastSocket): { socket: MulticastSocket; bind: false } {
  return { socket, bind: false };
}

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { TokenBucket } from "../../shared/chatkit/links/token-bucket.ts";
import type { Clock, Log } from "../../shared/chatkit/ports.ts";
import { localAddressRule, type LanInterface } from "./interfaces.ts";
import { MAX_PACKET_BYTES, MAX_QUESTIONS, MAX_RECORDS, PACKETS_IN, PACKETS_OUT } from "./limits.ts";

/** RFC 6762 §3 and §11. */
const GROUP = "224.0.0.251";
export const MDNS_PORT = 5353;
const TTL = 255;
const HEADER_BYTES = 12;

type Sent = (error: Error | null, bytes: number) => void;

/** Datagrams to and from the multicast group on one interface. */
export interface Multicast {
  send(datagram: Uint8Array, sent: Sent): void;
  close(closed: () => void): void;
}

export interface MulticastHandlers {
  onDatagram(datagram: Buffer, source: Pick<RemoteInfo, "address" | "port">): void;
  onError(error: Error): void;
}

/** @throws what the system says: no multicast, no permission */
export type OpenMulticast = (on: LanInterface, handlers: MulticastHandlers) => Promise<Multicast>;

/** The real thing: on a machine with other programs that do the same, and without a default route. */
export const openMulticast: OpenMulticast = async ({ address }, handlers) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  try {
    await bound(socket);
    socket.addMembership(GROUP, address);
    socket.setMulticastInterface(address);
    socket.setMulticastTTL(TTL);
    // Other programs of this machine hear it as well, and this one hears itself.
    socket.setMulticastLoopback(true);
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on("error", (error) => handlers.onError(error));
  socket.on("message", (datagram, source) => handlers.onDatagram(datagram, source));
  return {
    send: (datagram, sent) => socket.send(datagram, MDNS_PORT, GROUP, sent),
    close: (closed) => socket.close(closed),
  };
};

function bound(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    // Bound to the interface's own address it would get no multicast.
    socket.bind({ port: MDNS_PORT, address: "0.0.0.0" }, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

/**
 * The same as `multicast-dns` takes a socket, which leaves a failure to nobody, hears nothing where
 * it binds to one interface, and bounds nothing.
 */
export class MulticastSocket extends EventEmitter<{ message: [Buffer, unknown] }> {
  readonly #log: Log;
  readonly #in: TokenBucket;
  readonly #out: TokenBucket;
  readonly #isLocal: (address: string) => boolean;
  #multicast: Multicast | undefined;

  private constructor(on: LanInterface, clock: Clock, log: Log) {
    super();
    this.#isLocal = localAddressRule([on]);
    this.#log = log;
    this.#in = new TokenBucket(clock, PACKETS_IN);
    this.#out = new TokenBucket(clock, PACKETS_OUT);
  }

  /** @throws as `OpenMulticast` */
  static async open(
    on: LanInterface,
    {
      clock,
      log,
      open,
    }: { readonly clock: Clock; readonly log: Log; readonly open: OpenMulticast },
  ): Promise<MulticastSocket> {
    const socket = new MulticastSocket(on, clock, log);
    socket.#multicast = await open(on, {
      onDatagram: (datagram, source) => socket.#receive(datagram, source),
      onError: (error) => log.info("multicast failed", { interface: on.name, error }),
    });
    return socket;
  }

  /** What is over the bound is dropped, as the network itself would. */
  send(...[datagram, offset, length, , , sent]: SendArguments): void {
    if (this.#multicast === undefined || !this.#out.take(1)) {
      sent(null, 0);
      return;
    }
    this.#multicast.send(datagram.subarray(offset, offset + length), (error, bytes) => {
      if (error !== null) this.#log.debug("a multicast packet was not sent", { error });
      sent(null, bytes);
    });
  }

  close(closed: () => void): void {
    this.#multicast?.close(closed);
    this.#multicast = undefined;
  }

  #receive(datagram: Buffer, source: Pick<RemoteInfo, "address" | "port">): void {
    // The socket hears the port, not only the group: from farther away nobody has a say (RFC 6762 §11).
    if (!this.#isLocal(source.address) || !isModest(datagram) || !this.#in.take(1)) return;
    try {
      this.emit("message", datagram, source);
    } catch (error) {
      // Anybody on the network can send anything: it ends nothing here.
      this.#log.debug("a multicast packet could not be read", { error });
    }
  }
}

/** By its length and its header (RFC 1035 §4.1.1), before anything is read of it. */
function isModest(datagram: Buffer): boolean {
  if (datagram.length < HEADER_BYTES || datagram.length > MAX_PACKET_BYTES) return false;
  const [questions, ...records] = [4, 6, 8, 10].map((at) => datagram.readUInt16BE(at));
  const count = records.reduce((sum, one) => sum + one, 0);
  return questions !== undefined && questions <= MAX_QUESTIONS && count <= MAX_RECORDS;
}

/** The address is always the group's: nothing here asks for unicast. */
type SendArguments = [
  datagram: Buffer,
  offset: number,
  length: number,
  port: number,
  address: string,
  sent: Sent,
];

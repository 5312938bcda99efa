import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Clients at one time; more are not served. */
const MAX_CLIENTS = 256;

/**
 * What a NAT does to UDP, on loopback: each client gets a port of its own outside, by which a server
 * behind knows it, and answers come back through it.
 */
export class UdpNat implements AsyncDisposable {
  /** Ports outside. */
  readonly #outside = new Map<string, Socket>();
  readonly #inside: Socket;

  private constructor(inside: Socket) {
    this.#inside = inside;
  }

  /** Hands on what comes to `at` to the same port of `to`. */
  static async listen(at: string, port: number, to: string): Promise<UdpNat> {
    const inside = createSocket("udp4");
    inside.bind(port, at);
    await once(inside, "listening");
    const nat = new UdpNat(inside);
    inside.on("message", (bytes, client) => {
      nat.#portOf(client.address, client.port)?.send(bytes, port, to);
    });
    return nat;
  }

  /** The ports by which the clients are seen. */
  get ports(): number[] {
    return Array.from(this.#outside.values(), (socket) => socket.address().port);
  }

  #portOf(address: string, port: number): Socket | undefined {
    const key = `${address}:${port}`;
    const known = this.#outside.get(key);
    if (known !== undefined || this.#outside.size >= MAX_CLIENTS) return known;
    const made = createSocket("udp4");
    made.on("message", (bytes) => this.#inside.send(bytes, port, address));
    this.#outside.set(key, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [this.#inside, ...this.#outside.values()];
    const closed = sockets.map((socket) => once(socket, "close"));
    for (const socket of sockets) socket.close();
    await Promise.all(closed);
  }
}

import { once } from "node:events";
import { createServer, connect, type Server, type Socket } from "node:net";
import * as v from "valibot";
import { unmaskedFrames } from "./web-socket-frames.ts";

/** More than the demo makes; a recording that is cut short would prove nothing. */
const MAX_RECORDED_BYTES = 256 * 1024 * 1024;

/**
 * Stands before a server and keeps every byte that goes through: what the server says as it is, what
 * the clients say with the masking of WebSocket frames taken off (RFC 6455 §5.3), since masked bytes
 * would hide what the server reads.
 */
export class RecordingProxy implements AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #recorded: Buffer[];

  private constructor(server: Server, port: number, sockets: Set<Socket>, recorded: Buffer[]) {
    this.#server = server;
    this.#sockets = sockets;
    this.#recorded = recorded;
    this.address = `http://127.0.0.1:${port}`;
  }

  /** @param target `http://HOST:PORT` of the server */
  static async start(target: string): Promise<RecordingProxy> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const recorded: Buffer[] = [];
    let bytes = 0;
    const keep = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MAX_RECORDED_BYTES) throw new Error("more was said than the recording holds");
      recorded.push(chunk);
    };
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname);
      const unmask = unmaskedFrames(keep);
      client.on("data", unmask);
      upstream.on("data", keep);
      client.pipe(upstream);
      upstream.pipe(client);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        // One end's end is the other's.
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = v.parse(v.object({ port: v.number() }), server.address());
    return new RecordingProxy(server, address.port, sockets, recorded);
  }

  /** Everything so far. */
  recorded(): Buffer {
    return Buffer.concat(this.#recorded);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

import { createServer, type Server, type Socket } from "node:net";
import { TokenBucket } from "../../shared/chatkit/links/token-bucket.ts";
import type { Clock, Log } from "../../shared/chatkit/ports.ts";
import {
  ALL_TEXTS_IN,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SOURCE,
  MAX_LAN_TEXT_BYTES,
  MAX_SOURCES,
  TEXT_DEADLINE_MS,
  TEXTS_IN,
} from "./limits.ts";

export interface TextListenerOptions {
  /** The interface's address. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onText: (text: string) => void;
}

/**
 * Takes one text from each connection: UTF-8 up to the end of the other side's stream, then ends its
 * own, which says that it was taken. Whoever sends too much, too slowly or too often is reset.
 */
export class TextListener {
  readonly #server: Server;
  readonly #options: TextListenerOptions;
  readonly #sockets = new Set<Socket>();
  /** In the order of use. */
  readonly #rates = new Map<string, TokenBucket>();
  readonly #all: TokenBucket;
  #port = 0;

  private constructor(options: TextListenerOptions) {
    this.#options = options;
    this.#all = new TokenBucket(options.clock, ALL_TEXTS_IN);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** On a port that the system chooses. @throws what the system says */
  static async open(options: TextListenerOptions): Promise<TextListener> {
    const listener = new TextListener(options);
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: options.address, port: 0 }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.on("error", (error) => options.log.warn("the LAN's listener failed", { error }));
    const address = server.address();
    if (typeof address === "object" && address !== null) listener.#port = address.port;
    return listener;
  }

  get port(): number {
    return this.#port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(socket: Socket): void {
    const { clock, log, onText } = this.#options;
    const source = socket.remoteAddress ?? "";
    // Its failure is its end, which `close` tells as well.
    socket.on("error", (error) => log.debug("a connection of the LAN failed", { error }));
    const others = [...this.#sockets].filter(({ remoteAddress }) => remoteAddress === source);
    const isTooMany = others.length >= MAX_CONNECTIONS_PER_SOURCE;
    if (isTooMany || !this.#rateOf(source).take(1) || !this.#all.take(1)) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    const deadline = clock.setTimer(() => socket.resetAndDestroy(), TEXT_DEADLINE_MS);
    const chunks: Buffer[] = [];
    let length = 0;
    socket.on("data", (chunk) => {
      length += chunk.length;
      if (length > MAX_LAN_TEXT_BYTES) socket.resetAndDestroy();
      else chunks.push(chunk);
    });
    socket.on("end", () => {
      socket.end();
      if (length > 0 && length <= MAX_LAN_TEXT_BYTES)
        onText(Buffer.concat(chunks).toString("utf8"));
    });
    socket.on("close", () => {
      deadline.cancel();
      this.#sockets.delete(socket);
    });
  }

  #rateOf(source: string): TokenBucket {
    const rate = this.#rates.get(source) ?? new TokenBucket(this.#options.clock, TEXTS_IN);
    this.#rates.delete(source);
    this.#rates.set(source, rate);
    for (const oldest of this.#rates.keys()) {
      if (this.#rates.size <= MAX_SOURCES) break;
      this.#rates.delete(oldest);
    }
    return rate;
  }
}

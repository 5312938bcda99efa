import type { Server as HttpServer } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { AddressCount } from "../connection/address-count.ts";
import { plainAddress } from "../connection/client-address.ts";
import type { TlsPair } from "./certificate.ts";
import { createHttpServer, listen, OPENING_MS } from "./listen.ts";
import { isLoopback } from "./loopback.ts";
import { createPlainRefusal } from "./plain-refusal.ts";

/** The first byte of a TLS connection: a record of the type handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

export interface FrontDoorOptions {
  /** Absent: plain HTTP only, for everybody. */
  readonly tls?: TlsPair;
  /** Time for the first byte, the handshake, and a request's headers, ms. */
  readonly openingMs?: number;
  /** Open at once, with or without a request: in all, and from one network. Absent: any number. */
  readonly connections?: { readonly most: number; readonly perNetwork: number };
  /** Is this an address of the machine itself? For tests, which have no other machine. */
  readonly isOwn?: (address: string | undefined) => boolean;
}

/**
 * One port for HTTPS, WSS and plain HTTP: a connection's first byte tells which. With TLS, plain
 * HTTP is served to this machine only (its browser, its reverse proxy); others are sent to https.
 */
export class FrontDoor {
  /** Takes the requests and upgrades of all that may be served. Does not listen itself. */
  readonly http: HttpServer;
  readonly #refusal: HttpServer;
  readonly #tls: TlsServer | undefined;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #openingMs: number;
  readonly #isOwn: (address: string | undefined) => boolean;
  readonly #networks: AddressCount | undefined;

  constructor(options: FrontDoorOptions) {
    const { tls, connections, openingMs = OPENING_MS, isOwn = isLoopback } = options;
    this.#openingMs = openingMs;
    this.#isOwn = isOwn;
    this.#networks = connections && new AddressCount(connections.perNetwork, isOwn);
    this.http = createHttpServer(openingMs);
    this.#refusal = createPlainRefusal(openingMs);
    // As Node's HTTP server makes its own: it answers also where the client has ended its side.
    this.#tcp = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
    // Whoever has all there are would else keep the server from its own files, too.
    if (connections !== undefined) this.#tcp.maxConnections = connections.most;
    this.#tls = tls === undefined ? undefined : this.#createTls(tls);
    // They are handed connections and do not listen; this starts their check of slow requests.
    for (const server of [this.http, this.#refusal]) server.emit("listening");
  }

  /** @throws OperatorError */
  async listen(host: string, port: number): Promise<number> {
    const chosen = await listen(this.#tcp, host, port);
    // After the start: too many open files, say. The next connection may find room again.
    this.#tcp.on("error", (error) => this.http.emit("error", error));
    return chosen;
  }

  /** For connections from now on. */
  renew(pair: TlsPair): void {
    this.#tls?.setSecureContext(pair);
  }

  /** Takes no new connections; resolves when all have ended. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    this.http.close();
    this.#refusal.close();
    this.http.closeIdleConnections();
    return closed;
  }

  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #createTls(pair: TlsPair): TlsServer {
    const tls = createTlsServer({
      ...pair,
      minVersion: "TLSv1.2",
      handshakeTimeout: this.#openingMs,
      ALPNProtocols: ["http/1.1"],
    });
    tls.on("secureConnection", (socket) => this.http.emit("connection", socket));
    // A scanner, or a browser that does not trust the certificate yet.
    tls.on("tlsClientError", (_error, socket) => socket.destroy());
    return tls;
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? "") ?? "";
    if (this.#networks?.hasRoom(address) === false) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#networks?.opened(address);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#networks?.closed(address);
    });
    const cut = (): void => {
      socket.destroy();
    };
    // Whoever takes the socket over has its own handler as well.
    socket.on("error", cut);
    if (this.#tls === undefined) {
      this.http.emit("connection", socket);
      return;
    }
    socket.setTimeout(this.#openingMs, cut);
    socket.once("readable", () => {
      const bytes: unknown = socket.read();
      // The end: somebody only looked whether the port is open.
      if (!Buffer.isBuffer(bytes)) return cut();
      socket.setTimeout(0, cut);
      socket.off("timeout", cut);
      socket.unshift(bytes);
      this.#serverFor(bytes[0], socket).emit("connection", socket);
    });
  }

  #serverFor(firstByte: number | undefined, socket: Socket): Server {
    if (firstByte === TLS_HANDSHAKE && this.#tls !== undefined) return this.#tls;
    return this.#isOwn(socket.remoteAddress) ? this.http : this.#refusal;
  }
}

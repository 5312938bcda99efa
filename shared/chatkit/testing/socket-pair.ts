import type { Socket, SocketConnector, SocketHandlers } from "../ports.ts";

/** What a test can make of the next connections. */
type Admission = "accept" | "refuse" | "hang";

/** Abnormal closure: no close frame was received (RFC 6455 §7.4.1). */
const ABNORMAL = 1006;

/**
 * A network of WebSockets without a network: everything arrives in order, a microtask later. The
 * test holds the server's end.
 */
export class FakeSockets implements SocketConnector {
  admission: Admission = "accept";
  /** Every connection ever begun, the refused ones included. */
  readonly connections: FakeSocket[] = [];
  readonly #onConnection: (end: ServerEnd) => void;

  constructor(onConnection: (end: ServerEnd) => void) {
    this.#onConnection = onConnection;
  }

  connect(url: string, subprotocol: string, handlers: SocketHandlers): Socket {
    const socket = new FakeSocket(url, subprotocol, handlers);
    this.connections.push(socket);
    const admission = this.admission;
    queueMicrotask(() => {
      if (admission === "refuse") socket.end(ABNORMAL, "connection refused");
      else if (admission === "accept" && socket.admit()) this.#onConnection(socket.serverEnd);
    });
    return socket;
  }
}

/** The server's end of one connection. */
export interface ServerEnd {
  onText: (text: string) => void;
  onBinary: (bytes: Uint8Array) => void;
  /** The client closed, or the connection was cut. */
  onClose: () => void;
  send(data: string | Uint8Array): void;
  close(code: number, reason?: string): void;
}

class FakeSocket implements Socket {
  readonly url: string;
  readonly subprotocol: string;
  readonly serverEnd: ServerEnd;
  /** The code that the client closed with. */
  closedByClient: number | undefined;
  readonly #handlers: SocketHandlers;
  readonly #held: (string | Uint8Array)[] = [];
  #state: "connecting" | "open" | "closed" = "connecting";
  #silent = false;
  #holding = false;
  #bufferedAmount = 0;

  constructor(url: string, subprotocol: string, handlers: SocketHandlers) {
    this.url = url;
    this.subprotocol = subprotocol;
    this.#handlers = handlers;
    this.serverEnd = {
      onText: () => {},
      onBinary: () => {},
      onClose: () => {},
      send: (data) => this.#toClient(data),
      close: (code, reason = "") => queueMicrotask(() => this.end(code, reason)),
    };
  }

  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  admit(): boolean {
    if (this.#state !== "connecting") return false;
    this.#state = "open";
    queueMicrotask(() => {
      if (this.#state === "open") this.#handlers.onOpen();
    });
    return true;
  }

  send(data: string | Uint8Array): void {
    if (this.#state !== "open") return;
    if (this.#holding) {
      this.#held.push(data);
      this.#bufferedAmount += data.length;
      return;
    }
    this.#toServer(data);
  }

  close(code = 1000): void {
    if (this.#state === "closed") return;
    this.closedByClient ??= code;
    if (!this.#silent) queueMicrotask(() => this.end(code, ""));
  }

  /** The connection ends for both, at once. */
  end(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (wasOpen) this.serverEnd.onClose();
    this.#handlers.onClose(code, reason);
  }

  /** Half-open from here on: nothing arrives on either side, not even the end. */
  silence(): void {
    this.#silent = true;
  }

  /** The client's frames stay in its own buffer until `release`. */
  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    this.#bufferedAmount = 0;
    for (const data of this.#held.splice(0)) this.#toServer(data);
  }

  #toServer(data: string | Uint8Array): void {
    const copy = typeof data === "string" ? data : data.slice();
    queueMicrotask(() => {
      if (this.#state !== "open" || this.#silent) return;
      if (typeof copy === "string") this.serverEnd.onText(copy);
      else this.serverEnd.onBinary(copy);
    });
  }

  #toClient(data: string | Uint8Array): void {
    queueMicrotask(() => {
      if (this.#state !== "open" || this.#silent) return;
      if (typeof data === "string") this.#handlers.onText(data);
      else this.#handlers.onBinary(data);
    });
  }
}

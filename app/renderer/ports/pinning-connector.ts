import type { Socket, SocketConnector, SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { TLS_HANDSHAKE_FAILED } from "../../../shared/protocol/index.ts";
import { ABNORMAL_CLOSURE } from "../../peer/unopened-socket.ts";

/** Who checks certificates for the page: Electron's main process. */
export interface CertificateGuard {
  /** @param pin base64url; undefined for the platform's own rules */
  pinServer(host: string, pin: string | undefined): Promise<void>;
  refusedCertificate(host: string): Promise<boolean>;
}

/** Sockets that are opened once the guard knows the pin, or that there is none. */
export function createPinningConnector(
  sockets: SocketConnector,
  guard: CertificateGuard,
): SocketConnector {
  return {
    connect: (url, subprotocol, handlers, pin) =>
      new PinnedSocket(sockets, guard, handlers, { url, subprotocol, pin }),
  };
}

interface Target {
  readonly url: string;
  readonly subprotocol: string;
  readonly pin: Uint8Array | undefined;
}

class PinnedSocket implements Socket {
  readonly #handlers: SocketHandlers;
  #inner: Socket | undefined;
  #closing = false;
  #ended = false;

  constructor(
    sockets: SocketConnector,
    guard: CertificateGuard,
    handlers: SocketHandlers,
    { url, subprotocol, pin }: Target,
  ) {
    this.#handlers = handlers;
    const host = URL.parse(url)?.hostname ?? "";
    guard.pinServer(host, pin === undefined ? undefined : base64Url(pin)).then(
      () => {
        if (this.#closing) return;
        this.#inner = sockets.connect(url, subprotocol, {
          onOpen: () => handlers.onOpen(),
          onText: (text) => handlers.onText(text),
          onBinary: (bytes) => handlers.onBinary(bytes),
          onClose: (code, reason) => this.#closed(guard, host, code, reason),
        });
      },
      (error: unknown) => this.#end(ABNORMAL_CLOSURE, textOf(error)),
    );
  }

  send(data: string | Uint8Array): void {
    this.#inner?.send(data);
  }

  get bufferedAmount(): number {
    return this.#inner?.bufferedAmount ?? 0;
  }

  close(code?: number, reason?: string): void {
    this.#closing = true;
    if (this.#inner === undefined) queueMicrotask(() => this.#end(ABNORMAL_CLOSURE, reason ?? ""));
    else this.#inner.close(code, reason);
  }

  /** The page learns nothing of certificates: a refused one looks like a server that is away. */
  #closed(guard: CertificateGuard, host: string, code: number, reason: string): void {
    if (code !== ABNORMAL_CLOSURE) return this.#end(code, reason);
    guard.refusedCertificate(host).then(
      (refused) =>
        refused
          ? this.#end(TLS_HANDSHAKE_FAILED, "The server's certificate is not the pinned one.")
          : this.#end(code, reason),
      () => this.#end(code, reason),
    );
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.onClose(code, reason);
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

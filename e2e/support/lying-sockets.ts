import type { Socket, SocketConnector } from "../../shared/chatkit/ports.ts";

/** Connections to a server that says something else than it would. */
export class LyingSockets implements SocketConnector {
  /** What it says in place of a text frame. */
  lie: (frame: string) => string = (frame) => frame;
  readonly #inner: SocketConnector;

  constructor(inner: SocketConnector) {
    this.#inner = inner;
  }

  connect(...[url, subprotocol, handlers, pin]: Parameters<SocketConnector["connect"]>): Socket {
    return this.#inner.connect(
      url,
      subprotocol,
      {
        onOpen: () => handlers.onOpen(),
        onText: (text) => handlers.onText(this.lie(text)),
        onBinary: (bytes) => handlers.onBinary(bytes),
        onClose: (code, reason) => handlers.onClose(code, reason),
      },
      pin,
    );
  }
}

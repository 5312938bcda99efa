import type { Socket, SocketConnector, SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { unopenedSocket } from "../../peer/unopened-socket.ts";

/** The browser's own WebSockets. */
export const webSocketConnector: SocketConnector = {
  connect(url, subprotocol, handlers) {
    try {
      return new BrowserSocket(new WebSocket(url, subprotocol), handlers);
    } catch (error) {
      // No address, or `ws:` from a page of https: told like any other failure.
      return unopenedSocket(handlers, error instanceof Error ? error.message : String(error));
    }
  },
};

class BrowserSocket implements Socket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, handlers: SocketHandlers) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => handlers.onOpen());
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") handlers.onText(event.data);
      else if (event.data instanceof ArrayBuffer) handlers.onBinary(new Uint8Array(event.data));
    });
    // `error` says nothing that the `close` after it does not say too.
    socket.addEventListener("close", ({ code, reason }) => handlers.onClose(code, reason));
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(typeof data === "string" ? data : ownBytes(data));
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}

/** The bytes in a buffer that is not shared: only such may be sent. Copies where it must. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

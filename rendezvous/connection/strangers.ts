import type { Socket } from "node:net";
import { closeCodes, limits } from "../../shared/protocol/index.ts";
import type { Connection } from "./connection.ts";

/** Bytes that a connection may send before it has signed in: some dozens of attempts. */
const MAX_STRANGER_BYTES = 4 * limits.MAX_STRANGER_FRAME_BYTES;

/**
 * Cuts those who send much without signing in. A frame that only members may send is gathered in
 * memory until it is whole, and anybody can begin one: so bytes are counted as they come.
 */
export class Strangers {
  readonly #connections = new WeakMap<Socket, { connection: Connection; bytesBefore: number }>();

  watch(connection: Connection): void {
    const { socket } = connection;
    // Requests for pages may have come by the same socket before.
    this.#connections.set(socket, { connection, bytesBefore: socket.bytesRead });
    socket.on("data", this.#onData);
  }

  // One listener for all; the socket calls it with itself as `this`.
  readonly #onData = dataListener((socket) => {
    const stranger = this.#connections.get(socket);
    if (stranger === undefined || stranger.connection.member !== undefined) {
      socket.off("data", this.#onData);
      this.#connections.delete(socket);
    } else if (socket.bytesRead - stranger.bytesBefore > MAX_STRANGER_BYTES) {
      stranger.connection.end(closeCodes.messageTooBig);
      // It would go on gathering while it waits for the client's answer to the close frame.
      socket.destroySoon();
    }
  });
}

function dataListener(heard: (socket: Socket) => void): (this: Socket) => void {
  return function onData() {
    heard(this);
  };
}

import type { Socket, SocketHandlers } from "../../shared/chatkit/ports.ts";

/** Abnormal closure, where no close frame was received (RFC 6455 §7.4.1). */
export const ABNORMAL_CLOSURE = 1006;

/**
 * A socket that could not even be made, e.g. for an address that is none: it tells so as any other
 * failure is told, by its end.
 */
export function unopenedSocket(handlers: SocketHandlers, reason: string): Socket {
  queueMicrotask(() => handlers.onClose(ABNORMAL_CLOSURE, reason));
  return {
    bufferedAmount: 0,
    send() {
      throw new Error("The socket never opened.");
    },
    close() {
      // Its end is on its way already.
    },
  };
}

import { connect } from "node:net";
import type { Clock } from "../../shared/chatkit/ports.ts";
import { SEND_TIMEOUT_MS } from "./limits.ts";

/** The text was not taken. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
}

/**
 * Hands a text over to a `TextListener`, at the first of the addresses that takes it.
 * @throws NotTaken, the last failure being its cause
 */
export async function sendText(
  clock: Clock,
  to: { readonly addresses: readonly string[]; readonly port: number },
  text: string,
): Promise<void> {
  let cause: unknown;
  for (const address of to.addresses) {
    try {
      await sendTo(clock, address, to.port, text);
      return;
    } catch (error) {
      cause = error;
    }
  }
  throw new NotTaken("no address took the text", { cause });
}

function sendTo(clock: Clock, host: string, port: number, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host, port });
  const deadline = clock.setTimer(() => {
    socket.destroy(new NotTaken(`${host} did not take it in time`));
  }, SEND_TIMEOUT_MS);
  socket.on("connect", () => socket.end(text));
  // It sends nothing: its end says that the text was taken.
  socket.resume();
  socket.on("end", () => resolve());
  socket.on("error", reject);
  socket.on("close", () => {
    deadline.cancel();
    reject(new NotTaken(`${host} closed the connection`));
  });
  return promise;
}

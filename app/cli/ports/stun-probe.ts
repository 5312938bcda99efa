import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import type { StunProbe } from "../../../shared/chatkit/ports.ts";

/** Datagrams get lost: the request is sent again (RFC 8489 §6.2.1 begins with as much). */
const TRY_EVERY_MS = 500;

/** Header of a Binding request without attributes, then the magic cookie (RFC 8489 §5). */
const REQUEST = Buffer.from([0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42]);
const TRANSACTION_ID_BYTES = 12;
/** A success response (§6.3.3); its length and attributes are nobody's concern here. */
const SUCCESS = 0x0101;

/** STUN by a UDP socket of its own. */
export const stunProbe: StunProbe = {
  async answers(host, port, timeoutMs) {
    const over = AbortSignal.timeout(timeoutMs);
    try {
      const addresses = await Promise.race([lookup(host, { all: true }), end(over)]);
      // A name may have an address that this network does not reach; one that answers is enough.
      const asked = addresses.map(({ address, family }) => ask({ address, family, port }, over));
      return await Promise.any(asked);
    } catch {
      // No such name, no way there, nobody listens, or no answer in time.
      return false;
    }
  },
};

/** Never resolves. @throws the reason, once the time is over */
async function end(over: AbortSignal): Promise<never> {
  if (!over.aborted) await once(over, "abort");
  throw over.reason;
}

interface Target {
  readonly address: string;
  readonly family: number;
  readonly port: number;
}

/** @throws Error where no answer comes before `over` */
async function ask({ address, family, port }: Target, over: AbortSignal): Promise<true> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  const request = Buffer.concat([REQUEST, randomBytes(TRANSACTION_ID_BYTES)]);
  const answered = Promise.withResolvers<true>();
  socket.on("message", (datagram) => {
    // The cookie and the transaction id are those of the request.
    const isOurs = datagram.subarray(4, request.length).equals(request.subarray(4));
    if (isOurs && datagram.readUInt16BE(0) === SUCCESS) answered.resolve(true);
  });
  socket.on("error", answered.reject);
  const send = (): void =>
    socket.send(request, port, address, (error) => error && answered.reject(error));
  const again = setInterval(send, TRY_EVERY_MS);
  try {
    send();
    return await Promise.race([answered.promise, end(over)]);
  } finally {
    clearInterval(again);
    socket.close();
  }
}

import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { decodeXorAddress, type TransportEnd } from "./mapped-address.ts";
import {
  attributes,
  BINDING_REQUEST,
  BINDING_SUCCESS,
  decodeStun,
  encodeStun,
  TRANSACTION_ID_BYTES,
} from "./stun-message.ts";

/** Requests to a server that does not answer (RFC 8489 §6.2.1 sends seven over 40 s). */
const TRIES = 3;

/**
 * Asks a STUN server how it sees this machine. Undefined where it does not answer in time.
 * @param address an IP address
 */
export async function askStun(
  { address, port }: TransportEnd,
  timeoutMs: number,
): Promise<TransportEnd | undefined> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const transactionId = randomBytes(TRANSACTION_ID_BYTES);
  const request = encodeStun({
    type: BINDING_REQUEST,
    transactionId,
    attributes: [],
    hasFingerprint: true,
  });
  const { promise, resolve } = Promise.withResolvers<TransportEnd | undefined>();
  socket.on("message", (datagram) => {
    const answer = decodeStun(datagram);
    if (answer?.type !== BINDING_SUCCESS || !transactionId.equals(answer.transactionId)) return;
    const mapped = answer.attributes.find(({ type }) => type === attributes.XOR_MAPPED_ADDRESS);
    if (mapped !== undefined) resolve(decodeXorAddress(mapped.value, answer.transactionId));
  });
  // No way there, or nobody listens.
  socket.on("error", () => resolve(undefined));
  const send = (): void => socket.send(request, port, address);
  send();
  const again = setInterval(send, timeoutMs / TRIES);
  const over = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await promise;
  } finally {
    clearInterval(again);
    clearTimeout(over);
    socket.close();
  }
}

import * as v from "valibot";
import { decodeBase64Url } from "../../crypto/index.ts";
import { CertificatePin } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import type { Ports, SocketConnector } from "../ports.ts";

/**
 * The same ports with sockets that trust the pinned certificate and no other; as they are without
 * a pin.
 * @param pin as in invitation links
 * @throws ChatKitError invalid-server
 */
export function pinnedPorts(ports: Ports, pin: string | undefined): Ports {
  return pin === undefined ? ports : { ...ports, sockets: pinnedSockets(ports.sockets, pin) };
}

/**
 * The same sockets, trusting the pinned certificate and no other.
 * @param pin as in invitation links
 * @throws ChatKitError invalid-server
 */
export function pinnedSockets(sockets: SocketConnector, pin: string): SocketConnector {
  const parsed = v.safeParse(CertificatePin, pin);
  if (!parsed.success) {
    throw new ChatKitError("invalid-server", "The certificate's fingerprint is malformed.");
  }
  const bytes = decodeBase64Url(parsed.output);
  return {
    connect: (url, subprotocol, handlers) => sockets.connect(url, subprotocol, handlers, bytes),
  };
}

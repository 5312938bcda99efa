import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import type { TransportAddress } from "../../shared/protocol/index.ts";
import { isLoopback } from "../http/loopback.ts";

/**
 * Where a client connects from, as the server sees it. Behind a trusted proxy that is the last
 * entry of `X-Forwarded-For`, the one that the proxy itself has written; the port is then unknown.
 * Who comes by TLS from elsewhere has gone past the proxy, and says of itself what it likes.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): TransportAddress {
  if (trustProxy && mayBeProxy(request)) {
    const header = request.headers["x-forwarded-for"];
    const last = (Array.isArray(header) ? header.join(",") : header)?.split(",").at(-1)?.trim();
    const forwarded = last === undefined ? undefined : plainAddress(last);
    if (forwarded !== undefined) return { address: forwarded, port: 0 };
  }
  const { remoteAddress = "", remotePort = 0 } = request.socket;
  return { address: plainAddress(remoteAddress) ?? "0.0.0.0", port: remotePort };
}

/** On another machine it needs a server without TLS. */
function mayBeProxy({ socket }: IncomingMessage): boolean {
  return !(socket instanceof TLSSocket) || isLoopback(plainAddress(socket.remoteAddress ?? ""));
}

/** Without the zone of a link-local address, and IPv4 as IPv4 (RFC 4291 §2.5.5.2). */
export function plainAddress(text: string): string | undefined {
  const address = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return isIP(plain) === 0 ? undefined : plain;
}

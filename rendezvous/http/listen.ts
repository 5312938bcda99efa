import { createServer, type Server as HttpServer } from "node:http";
import { isIPv6, type Server } from "node:net";
import * as v from "valibot";
import { OperatorError } from "../config/operator-error.ts";

/** Bounds on what one request may take; WebSocket connections leave them behind. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
};

/** Time for a connection's first byte, for its TLS handshake, and for a request's headers. */
export const OPENING_MS = LIMITS.headersTimeout;

/** @param openingMs time for a request's headers */
export function createHttpServer(openingMs: number = OPENING_MS): HttpServer {
  return createServer({
    ...LIMITS,
    headersTimeout: openingMs,
    connectionsCheckingInterval: Math.min(LIMITS.connectionsCheckingInterval, openingMs),
  });
}

/**
 * Connections that wait to be accepted: a restarted server's clients come in the same moment, and
 * who finds no room tries again only after a second (RFC 6298 §2).
 */
const BACKLOG = 4096;

const SystemError = v.object({ code: v.string() });

/**
 * Listens, and gives the port. The wildcard `::` takes IPv4 too; without IPv6 on the machine it
 * becomes `0.0.0.0`.
 * @throws OperatorError port in use, not permitted, no such address
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await listening(server, host, port);
  } catch (error) {
    const code = codeOf(error);
    if (host === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL")) {
      return listen(server, "0.0.0.0", port);
    }
    throw new OperatorError(reasonOf(code, host, port), { cause: error });
  }
  return v.parse(v.object({ port: v.number() }), server.address()).port;
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function codeOf(error: unknown): string {
  const parsed = v.safeParse(SystemError, error);
  return parsed.success ? parsed.output.code : "";
}

function reasonOf(code: string, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is in use. Choose another with --port, or end the program that has it.`;
    case "EACCES":
      return `Port ${port} is reserved for the system. Choose one over 1023 with --port.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host}. Choose another with --host.`;
    default:
      return `The server cannot listen on ${host}, port ${port} (${code}).`;
  }
}

/** The address to open in a browser on this machine; the wildcards are reached by loopback. */
export function addressOf(host: string, port: number, secure: boolean): string {
  const reachable = isWildcard(host) ? "127.0.0.1" : host;
  const name = isIPv6(reachable) ? `[${reachable}]` : reachable;
  return `${secure ? "https" : "http"}://${name}:${port}`;
}

export function isWildcard(host: string): boolean {
  return host === "::" || host === "0.0.0.0";
}

import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { isIPv6 } from "node:net";
import { createSecureContext } from "node:tls";
import * as v from "valibot";
import { OperatorError } from "../config/operator-error.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Bounds on what one request may take; WebSocket connections leave them behind. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
};

/** How often the certificate's file is looked at: renewals need no restart. */
const CERTIFICATE_CHECK_MS = 60_000;

/** @throws OperatorError where the certificate or its key cannot be used */
export function createHttpServer(
  tls: TlsFiles | undefined,
  onWarning: (message: string) => void,
): Server {
  if (tls === undefined) return createServer(LIMITS);
  const server = createTlsServer({ ...LIMITS, ...readTls(tls), minVersion: "TLSv1.2" });
  const renew = (): void => {
    try {
      server.setSecureContext(readTls(tls));
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      onWarning(`${error.message} The former certificate stays in use.`);
    }
  };
  watchFile(tls.cert, { interval: CERTIFICATE_CHECK_MS, persistent: false }, renew);
  server.once("close", () => unwatchFile(tls.cert, renew));
  return server;
}

/** @throws OperatorError where they cannot be read, or are no pair */
export function readTls({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) };
    // Throws for what is no certificate, no key, or not a pair.
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new OperatorError(`The certificate ${cert} and the key ${key} cannot be used.`, {
      cause: error,
      exitCode: 2,
    });
  }
}

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
    server.listen({ host, port }, () => {
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
  const reachable = host === "::" || host === "0.0.0.0" ? "127.0.0.1" : host;
  const name = isIPv6(reachable) ? `[${reachable}]` : reachable;
  return `${secure ? "https" : "http"}://${name}:${port}`;
}

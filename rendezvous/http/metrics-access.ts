import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "./loopback.ts";

export interface MetricsAccess {
  readonly from: "off" | "loopback" | "all";
  readonly token: string | undefined;
}

/** May this request read `/metrics`? */
export function mayReadMetrics(access: MetricsAccess, request: IncomingMessage): boolean {
  if (access.from === "off") return false;
  if (access.from === "loopback" && !isFromThisMachine(request)) return false;
  return access.token === undefined || equal(bearer(request), access.token);
}

/**
 * What a reverse proxy on this machine forwards comes from elsewhere; and so does what a page of
 * others asks in this machine's browser, under a name that it lets point here (DNS rebinding).
 */
function isFromThisMachine(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  if (headers["x-forwarded-for"] !== undefined || headers["forwarded"] !== undefined) return false;
  return isLoopback(socket.remoteAddress) && isOwnName(headers.host);
}

/** Absent in HTTP/1.0 only, which no browser speaks. */
function isOwnName(host: string | undefined): boolean {
  const name = (host ?? "localhost").replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
  return name.toLowerCase() === "localhost" || isIP(name) !== 0;
}

function bearer({ headers }: IncomingMessage): string {
  return /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

function equal(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

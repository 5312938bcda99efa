import type { IncomingMessage, ServerResponse } from "node:http";
import { baseHeaders } from "./security-headers.ts";

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = typeof reply.body === "string" ? Buffer.from(reply.body, "utf8") : reply.body;
  const headers: Record<string, string> = { ...baseHeaders, ...reply.headers };
  if (reply.status !== 304) headers["content-length"] = String(body.length);
  // What a client still sends with a request that gets no attention is not read.
  if (request.method !== "GET" && request.method !== "HEAD") headers["connection"] = "close";
  response.writeHead(reply.status, headers);
  response.end(request.method === "HEAD" || reply.status === 304 ? undefined : body);
}

export function textReply(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
    body: `${text}\n`,
  };
}

export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: `${JSON.stringify(value)}\n`,
  };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import { WEBSOCKET_PATH } from "../../shared/protocol/index.ts";
import type { Store } from "../store/store.ts";
import { healthReply } from "./health.ts";
import { mayReadMetrics, type MetricsAccess } from "./metrics-access.ts";
import { send, textReply, type Reply } from "./reply.ts";

/** RFC 6797 §6.1.1: half a year, in seconds. */
const STRICT_TRANSPORT_S = 180 * 24 * 60 * 60;

export interface HttpParts {
  readonly store: Store;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly metricsAccess: MetricsAccess;
  /** Answers everything that is not the server's own. */
  readonly client: (path: string, request: IncomingMessage) => Reply;
  /** Browsers shall insist on https from now on: only with a certificate that they trust. */
  readonly strictTransport: boolean;
  readonly isDraining: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Answers plain HTTP; WebSocket upgrades are the core's. */
export function createRequestHandler(
  parts: HttpParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (parts.strictTransport && isEncrypted(request)) {
      response.setHeader("strict-transport-security", `max-age=${STRICT_TRANSPORT_S}`);
    }
    answer(parts, request)
      .catch((error: unknown) => {
        parts.onError(error);
        return textReply(500, "The server failed.");
      })
      .then((reply) => send(request, response, reply))
      .catch(parts.onError);
  };
}

async function answer(parts: HttpParts, request: IncomingMessage): Promise<Reply> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return textReply(405, "Only GET and HEAD.", { allow: "GET, HEAD" });
  }
  const path = pathOf(request.url ?? "/");
  switch (path) {
    case undefined:
      return textReply(400, "The address cannot be read.");
    case WEBSOCKET_PATH:
      return textReply(426, "This address takes WebSocket connections.", {
        upgrade: "websocket",
        connection: "upgrade",
      });
    case "/healthz":
      return healthReply(parts.store, parts.isDraining());
    case "/metrics":
      if (!mayReadMetrics(parts.metricsAccess, request)) return textReply(404, "Nothing here.");
      return {
        status: 200,
        headers: { "content-type": parts.metrics.contentType, "cache-control": "no-store" },
        body: await parts.metrics.text(),
      };
    default:
      return parts.client(path, request);
  }
}

/** Did it come by TLS to this server itself? */
export function isEncrypted({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
}

/** The decoded path without its query; undefined for one that is malformed. */
function pathOf(url: string): string | undefined {
  const [path = ""] = url.split(/[?#]/, 1);
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

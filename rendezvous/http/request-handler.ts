import type { IncomingMessage, ServerResponse } from "node:http";
import { WEBSOCKET_PATH } from "../../shared/protocol/index.ts";
import type { Store } from "../store/store.ts";
import { healthReply } from "./health.ts";
import { mayReadMetrics, type MetricsAccess } from "./metrics-access.ts";
import { send, textReply, type Reply } from "./reply.ts";

export interface HttpParts {
  readonly store: Store;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly metricsAccess: MetricsAccess;
  /** Answers everything that is not the server's own. */
  readonly client: (path: string, request: IncomingMessage) => Reply;
  readonly isDraining: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Answers plain HTTP; WebSocket upgrades are the core's. */
export function createRequestHandler(
  parts: HttpParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
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

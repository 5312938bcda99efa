import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { createHttpServer } from "./listen.ts";
import { send, textReply } from "./reply.ts";
import { isHostHeader } from "./security-headers.ts";

const TEXT = "This server takes encrypted connections only: use https.";

/**
 * What answers where plain HTTP is not served: who asks for a page is sent to https (308, RFC 9110
 * §15.4.9), everything else is refused. A WebSocket never opens: what it carries would be readable.
 */
export function createPlainRefusal(openingMs: number): Server {
  const server = createHttpServer(openingMs);
  server.on("request", (request, response) => {
    const { method, url = "/", headers } = request;
    const readable = isHostHeader(headers.host) && url.startsWith("/");
    if ((method !== "GET" && method !== "HEAD") || !readable) {
      return send(request, response, textReply(403, TEXT, { connection: "close" }));
    }
    const location = `https://${headers.host}${url}`;
    send(request, response, textReply(308, TEXT, { location, connection: "close" }));
  });
  server.on("upgrade", (_request, socket: Duplex) => {
    socket.on("error", () => socket.destroy());
    // TLS as the upgrade that is asked for: RFC 2817 §4.2.
    socket.end(
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade, close\r\n" +
        `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${TEXT.length + 1}\r\n\r\n${TEXT}\n`,
    );
  });
  return server;
}

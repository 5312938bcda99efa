import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import { limits, SUBPROTOCOL, WEBSOCKET_PATH } from "../../shared/protocol/index.ts";
import { originAllowed } from "./origin.ts";
import { PeerSocket } from "./peer-socket.ts";

/** May one more connect? */
export type Room = "free" | "server-full" | "address-full";

export interface UpgraderOptions {
  readonly allowedOrigins: readonly string[];
  room(request: IncomingMessage): Room;
  /** A WebSocket is open. `supported` is false where the client speaks another major version. */
  accepted(ws: PeerSocket, socket: Socket, request: IncomingMessage, supported: boolean): void;
}

/** Takes WebSocket upgrades (RFC 6455 §4.2) on `WEBSOCKET_PATH`, and refuses what is not for it. */
export function createUpgrader(
  options: UpgraderOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: PeerSocket,
    clientTracking: false,
    // Sealed bytes do not shrink, and the windows would cost every connection memory.
    perMessageDeflate: false,
    maxPayload: limits.MAX_TEXT_FRAME_BYTES,
    handleProtocols: choose,
  });
  return (request, socket, head) => {
    // The HTTP server leaves the socket's errors to whoever upgrades it.
    socket.on("error", () => socket.destroy());
    const refusal = refuse(request, options);
    if (refusal !== undefined || !(socket instanceof Socket)) {
      socket.end(
        `HTTP/1.1 ${refusal ?? "500 Internal Server Error"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    server.handleUpgrade(request, socket, head, (ws) => {
      options.accepted(ws, socket, request, ws.protocol === SUBPROTOCOL);
    });
  };
}

/** The status line of a refusal. */
function refuse(request: IncomingMessage, options: UpgraderOptions): string | undefined {
  const { origin, host } = request.headers;
  const path = request.url?.split("?", 1)[0];
  if (path !== WEBSOCKET_PATH) return "404 Not Found";
  const encrypted = request.socket instanceof TLSSocket;
  if (!originAllowed(origin, host, options.allowedOrigins, encrypted)) return "403 Forbidden";
  const offered = request.headers["sec-websocket-protocol"]?.split(",") ?? [];
  if (choose(offered.map((name) => name.trim())) === false) return "400 Bad Request";
  switch (options.room(request)) {
    case "free":
      return undefined;
    case "server-full":
      return "503 Service Unavailable";
    case "address-full":
      // RFC 6585 §4
      return "429 Too Many Requests";
  }
}

/** Another major version is chosen where ours is not offered, to be told so by a close code. */
function choose(offered: Iterable<string>): string | false {
  const names = [...offered];
  if (names.includes(SUBPROTOCOL)) return SUBPROTOCOL;
  return names.find((name) => name.startsWith("beeline.")) ?? false;
}

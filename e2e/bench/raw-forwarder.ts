/**
 * Reference: the least that a server can do with `ws`. Two sockets with the same path are a pair,
 * and what one sends the other gets; what comes on `/all` goes to everyone on `/all`.
 */
import * as v from "valibot";
import { WebSocketServer, type WebSocket } from "ws";
import { serve } from "./rpc.ts";

serve({
  start() {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    const lonely = new Map<string, WebSocket>();
    const all = new Set<WebSocket>();
    server.on("connection", (socket, request) => {
      const path = request.url ?? "/";
      if (path === "/all") {
        all.add(socket);
        socket.on("message", (data, isBinary) => {
          for (const other of all) other.send(data, { binary: isBinary });
        });
        return;
      }
      const partner = lonely.get(path);
      if (partner === undefined) {
        lonely.set(path, socket);
        return;
      }
      lonely.delete(path);
      join(socket, partner);
      join(partner, socket);
    });
    return new Promise<number>((resolve) => {
      server.on("listening", () => {
        resolve(v.parse(v.object({ port: v.number() }), server.address()).port);
      });
    });
  },
});

function join(from: WebSocket, to: WebSocket): void {
  from.on("message", (data, isBinary) => to.send(data, { binary: isBinary }));
}

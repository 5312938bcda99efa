import { WebSocket } from "ws";
import type { Connection } from "./connection.ts";

/**
 * A WebSocket that knows its connection, so that all sockets share one set of listeners: closures
 * of their own would cost each idle connection a kilobyte.
 */
export class PeerSocket extends WebSocket {
  connection: Connection | undefined;
}

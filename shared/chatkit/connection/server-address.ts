import { WEBSOCKET_PATH } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";

export interface ServerAddress {
  /** `http(s)://host[:port][/prefix]`, without a slash at the end: names the server in the store. */
  readonly origin: string;
  /** Where its WebSocket is: `ws(s)://host[:port][/prefix]/ws`. */
  readonly webSocketUrl: string;
  /** Its name or address, IPv6 in brackets. */
  readonly host: string;
}

const schemes: ReadonlyMap<string, { readonly web: string; readonly socket: string }> = new Map([
  ["http:", { web: "http:", socket: "ws:" }],
  ["ws:", { web: "http:", socket: "ws:" }],
  ["https:", { web: "https:", socket: "wss:" }],
  ["wss:", { web: "https:", socket: "wss:" }],
]);

/**
 * Reads what a person or a configuration calls the server. Equal servers give equal results,
 * however they were written. A path is kept: a reverse proxy may hold the server under one.
 * @throws ChatKitError invalid-server
 */
export function parseServerAddress(server: string): ServerAddress {
  let url: URL;
  try {
    url = new URL(server.trim());
  } catch (cause) {
    throw new ChatKitError("invalid-server", "The server's address is not a URL.", { cause });
  }
  const scheme = schemes.get(url.protocol);
  if (scheme === undefined || url.hostname === "") {
    throw new ChatKitError("invalid-server", "The server's address begins with http or https.");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new ChatKitError(
      "invalid-server",
      "The server's address holds a user name, a query or a fragment.",
    );
  }
  let path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith(WEBSOCKET_PATH)) path = path.slice(0, -WEBSOCKET_PATH.length);
  const place = `//${url.host}${path}`;
  return {
    origin: scheme.web + place,
    webSocketUrl: scheme.socket + place + WEBSOCKET_PATH,
    host: url.hostname,
  };
}

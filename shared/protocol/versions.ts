/**
 * The WebSocket subprotocol (RFC 6455 §1.9) names the major version: ends that share none do not
 * talk. Within a major version, methods, events and optional fields are only ever added, and
 * unknown fields are ignored, so that an older client keeps working.
 */
export const SUBPROTOCOL = "beeline.1";

/** Minor version, told in `server.info`. */
export const PROTOCOL_MINOR = 2;

/** Where the server takes WebSocket connections. */
export const WEBSOCKET_PATH = "/ws";

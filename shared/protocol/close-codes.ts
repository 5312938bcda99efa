/** WebSocket close codes that Beeline uses (RFC 6455 §7.4: 4000–4999 are for applications). */
export const closeCodes = {
  /** Normal end, by either side. */
  normal: 1000,
  /** The server shuts down or restarts: reconnect with back-off. */
  goingAway: 1001,
  /** A frame over its size limit; `ws` closes with this by itself. */
  messageTooBig: 1009,
  /** Too many offences on this connection: a client that keeps its promises never sees it. */
  protocolViolation: 4000,
  /** No sign-in before the deadline. */
  signInTimeout: 4001,
  /** The session was ended: signed out elsewhere, revoked, or the account disabled. Sign in anew. */
  sessionEnded: 4002,
  /** The same device connected again; the older connection is closed. */
  replaced: 4003,
  /** The client did not read what was sent to it, or missed its heartbeats. */
  unresponsive: 4004,
  /** More than the permitted requests or bytes: reconnect after a pause. */
  rateLimited: 4005,
  /** No common protocol version. */
  unsupportedVersion: 4006,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/**
 * Never sent: told by a client's own socket where TLS failed, for us because the certificate is not
 * the pinned one (RFC 6455 §7.4.1).
 */
export const TLS_HANDSHAKE_FAILED = 1015;

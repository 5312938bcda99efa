import type { IncomingMessage } from "node:http";

/** A host and port that can stand in a header without changing its meaning. */
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

export function isHostHeader(host: string | undefined): host is string {
  return host !== undefined && HOST.test(host);
}

const NO_FEATURES = [
  "accelerometer",
  "browsing-topics",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "midi",
  "payment",
  "publickey-credentials-get",
  "serial",
  "usb",
]
  .map((feature) => `${feature}=()`)
  // Voice messages.
  .concat("microphone=(self)")
  .join(", ");

/** On every answer. */
export const baseHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": NO_FEATURES,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/**
 * The policy of the web client (CSP Level 3): everything from this server only. Not every browser
 * takes the WebSocket of the same host as 'self', so it is named.
 */
export function clientPolicy(request: IncomingMessage, secure: boolean): string {
  const { host } = request.headers;
  // Behind a proxy that speaks TLS the page is https although this connection is not.
  const sockets = isHostHeader(host) ? ` wss://${host}${secure ? "" : ` ws://${host}`}` : "";
  return [
    "default-src 'none'",
    // OPAQUE and Argon2id are WebAssembly; this allows no other evaluation of text (CSP §4.3.1).
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    `connect-src 'self'${sockets}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

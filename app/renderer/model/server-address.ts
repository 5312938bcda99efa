/**
 * The address of a rendezvous server as a person types it, made complete: `chat.example.org` gets
 * https, a machine of one's own (`localhost`, 127.0.0.1) gets http. Undefined where it cannot be one.
 */
export function completeServerAddress(typed: string): string | undefined {
  const text = typed.trim();
  if (text === "" || /\s/.test(text)) return undefined;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parseUrl(hasScheme ? text : `https://${text}`);
  if (url === undefined || !["http:", "https:", "ws:", "wss:"].includes(url.protocol)) {
    return undefined;
  }
  if (url.username !== "" || url.password !== "") return undefined;
  if (!hasScheme && isLoopback(url.hostname)) url.protocol = "http:";
  return url.href.replace(/\/+$/, "");
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

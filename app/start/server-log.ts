/** What one line of the server's log means to somebody who only wants to talk. */
export type ServerLine =
  /** `link`: for people on other machines; absent where they cannot reach the server. */
  | { readonly kind: "ready"; readonly address: string; readonly link?: string }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "quiet" };

/** Level of a warning in pino's JSON. */
const WARN = 40;

/** How this very machine is called. */
const OWN = new Set(["localhost", "0.0.0.0", "[::]", "127.0.0.1", "[::1]"]);

export function readServerLine(line: string): ServerLine {
  const entry = parse(line);
  if (entry === undefined) return { kind: "warning", text: line };
  const { msg, address, link, level } = entry;
  if (msg === "listening" && typeof address === "string") {
    const forOthers = typeof link === "string" && !isOwnMachine(link) ? { link } : {};
    return { kind: "ready", address: reachable(address), ...forOthers };
  }
  if (typeof level === "number" && level < WARN) return { kind: "quiet" };
  return { kind: "warning", text: typeof msg === "string" ? msg : line };
}

function isOwnMachine(link: string): boolean {
  return OWN.has(new URL(link).hostname);
}

/** An address that a browser on this machine can open; a server listens on 0.0.0.0, none is there. */
function reachable(address: string): string {
  const url = new URL(address);
  if (OWN.has(url.hostname)) url.hostname = "localhost";
  return url.origin;
}

function parse(line: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

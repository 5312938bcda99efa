/** What one line of the server's log means to somebody who only wants to talk. */
export type ServerLine =
  | { readonly kind: "ready"; readonly address: string }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "quiet" };

/** Level of a warning in pino's JSON. */
const WARN = 40;

export function readServerLine(line: string): ServerLine {
  const entry = parse(line);
  if (entry === undefined) return { kind: "warning", text: line };
  const { msg, address, level } = entry;
  if (msg === "listening" && typeof address === "string") {
    return { kind: "ready", address: reachable(address) };
  }
  if (typeof level === "number" && level < WARN) return { kind: "quiet" };
  return { kind: "warning", text: typeof msg === "string" ? msg : line };
}

/** An address that a browser on this machine can open; a server listens on 0.0.0.0, none is there. */
function reachable(address: string): string {
  const url = new URL(address);
  if (["0.0.0.0", "[::]", "127.0.0.1", "[::1]"].includes(url.hostname)) url.hostname = "localhost";
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

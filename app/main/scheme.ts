/** The `app://beeline/` scheme: the built user interface, and nothing else of the disk. */
import { extname, resolve, sep } from "node:path";

export const SCHEME = "app";
export const ORIGIN = "app://beeline";

/**
 * Secure, so that the page has WebCrypto and IndexedDB; standard, so that it has an origin of its
 * own. Not exempt from the content security policy.
 */
export const SCHEME_PRIVILEGES = {
  standard: true,
  secure: true,
  supportFetchAPI: true,
  codeCache: true,
} as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mp3": "audio/mpeg",
  ".ogg": "audio/ogg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".wav": "audio/wav",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/**
 * The page may load its own files only, and connect by WebSocket to any address, for people choose
 * their own servers, by name or number, with or without TLS.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // OPAQUE and Argon2id are WebAssembly; this allows no other evaluation of text (CSP §4.3.1).
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Whether this URL is of the page itself. */
export function isOwn(url: string): boolean {
  return url === ORIGIN || url.startsWith(`${ORIGIN}/`);
}

/**
 * The file below `root` that a URL names, or undefined where it names none: another origin, a
 * malformed escape, or a path that leaves `root`.
 */
export function fileOf(url: string, root: string): string | undefined {
  if (!isOwn(url)) return undefined;
  const path = decode(new URL(url).pathname);
  if (path === undefined || path.includes("\0")) return undefined;
  const base = resolve(root);
  const file = resolve(base, `.${path === "/" ? "/index.html" : path}`);
  return file.startsWith(base + sep) ? file : undefined;
}

/**
 * Answers one request of the page.
 * @param read gives the file's bytes, or undefined where there is no such file
 */
export async function serve(
  request: { readonly method: string; readonly url: string },
  root: string,
  read: (file: string) => Promise<Uint8Array<ArrayBuffer> | undefined>,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "text/plain");
  const file = fileOf(request.url, root);
  const type = file === undefined ? undefined : CONTENT_TYPES[extname(file)];
  const body = file === undefined || type === undefined ? undefined : await read(file);
  return body === undefined ? answer(404, "text/plain") : answer(200, type ?? "", body);
}

function answer(status: number, type: string, body?: Uint8Array<ArrayBuffer>): Response {
  return new Response(body ?? null, {
    status,
    headers: {
      "content-type": type,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

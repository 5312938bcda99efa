import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { textReply, type Reply } from "./reply.ts";
import { clientPolicy } from "./security-headers.ts";

/** The built client has some megabytes; far more is the wrong folder. */
const MAX_BYTES = 128 * 1024 * 1024;

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
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

interface Asset {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

/** The built web client, read into memory once: a request is a look-up and reaches no file. */
export class WebClient {
  readonly #assets: ReadonlyMap<string, Asset>;

  private constructor(assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  /** Undefined where `folder` holds no built client. @throws Error where it cannot be read */
  static read(folder: string): WebClient | undefined {
    if (statSync(join(folder, "index.html"), { throwIfNoEntry: false })?.isFile() !== true) {
      return undefined;
    }
    const assets = new Map<string, Asset>();
    let total = 0;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      // Links are left out: they may lead anywhere.
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(folder, file).split(sep).join("/")}`;
      const bytes = readFileSync(file);
      total += bytes.length;
      if (total > MAX_BYTES) throw new RangeError(`${folder} is too large to be the web client`);
      assets.set(path, assetOf(path, bytes));
    }
    const index = assets.get("/index.html");
    if (index !== undefined) assets.set("/", index);
    return new WebClient(assets);
  }

  /** `path` is decoded and has no query. */
  reply(path: string, request: IncomingMessage, secure: boolean): Reply {
    const asset = this.#assets.get(path);
    if (asset === undefined) return textReply(404, "There is nothing here.");
    const headers = {
      "content-type": asset.type,
      "content-security-policy": clientPolicy(request, secure),
      "cache-control": asset.cacheControl,
      etag: asset.etag,
      // The policy names the host.
      vary: "host",
    };
    return matches(request.headers["if-none-match"], asset.etag)
      ? { status: 304, headers, body: "" }
      : { status: 200, headers, body: asset.bytes };
  }
}

function assetOf(path: string, bytes: Uint8Array): Asset {
  const digest = createHash("sha256").update(bytes).digest("base64url");
  // Vite puts a hash of the content into the names below assets/.
  const hashed = /^\/assets\/.*-[\w-]{8}\.\w+$/.test(path);
  return {
    bytes,
    type: CONTENT_TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
    etag: `"${digest.slice(0, 22)}"`,
    cacheControl: hashed ? "public, max-age=31536000, immutable" : "no-cache",
  };
}

/** If-None-Match (RFC 9110 §13.1.2): weak comparison with a list of tags or `*`. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((tag) => {
    const bare = tag.trim().replace(/^W\//, "");
    return bare === "*" || bare === etag;
  });
}

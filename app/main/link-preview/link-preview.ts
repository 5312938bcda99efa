import type { BridgePreview } from "../../preload/bridge.ts";
import { readHead } from "./page-head.ts";
import { isPublicAddress } from "./public-address.ts";
import { fetchWeb, NoPreview, type Fetched, type WebGuard } from "./web-request.ts";

/** For page and picture together: longer nobody waits for an ornament. */
const TIMEOUT_MS = 5_000;

/** At a time; more are refused. */
const MAX_RUNNING = 4;

/** The part of Electron's Session that is used. */
export interface ProxySession {
  /** As in a PAC file: `DIRECT`, or where the proxy is. */
  resolveProxy(url: string): Promise<string>;
}

/** Previews of links, fetched by this machine because a person asked for one. */
export class LinkPreviews {
  readonly #guard: WebGuard;
  #running = 0;

  constructor(session: ProxySession, allows: (address: string) => boolean = isPublicAddress) {
    this.#guard = {
      allows,
      direct: async (url) => (await session.resolveProxy(url)) === "DIRECT",
    };
  }

  /** Undefined where there is none, for whatever reason: it is an ornament. */
  async fetch(url: string): Promise<BridgePreview | undefined> {
    if (this.#running >= MAX_RUNNING) return undefined;
    this.#running += 1;
    try {
      return await this.#fetch(url, AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      if (isOfTheWeb(error)) return undefined;
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  async #fetch(address: string, signal: AbortSignal): Promise<BridgePreview | undefined> {
    const page = await fetchWeb(address, "text/html,application/xhtml+xml", this.#guard, signal);
    if (!/^(?:text\/html|application\/xhtml\+xml)\b/i.test(page.type)) return undefined;
    const { title, description, image: picture } = readHead(textOf(page));
    if (title === undefined) return undefined;
    const image = picture === undefined ? undefined : await this.#image(picture, page.url, signal);
    return {
      url: page.url.href,
      title,
      ...(description === undefined ? {} : { description }),
      ...(image === undefined ? {} : { image }),
    };
  }

  /** A page without its picture is still a preview. */
  async #image(text: string, base: URL, signal: AbortSignal): Promise<string | undefined> {
    try {
      if (!URL.canParse(text, base.href)) return undefined;
      const { href } = new URL(text, base);
      const { bytes, cut } = await fetchWeb(href, "image/*", this.#guard, signal);
      const type = cut ? undefined : imageType(bytes);
      return type && `data:${type};base64,${bytes.toString("base64")}`;
    } catch (error) {
      if (isOfTheWeb(error)) return undefined;
      throw error;
    }
  }
}

/** By its first bytes: what a server says of it counts for nothing. No SVG, which is a program. */
function imageType(bytes: Buffer): string | undefined {
  const start = bytes.toString("latin1", 0, 12);
  if (start.startsWith("\x89PNG\r\n\x1A\n")) return "image/png";
  if (start.startsWith("\xFF\xD8\xFF")) return "image/jpeg";
  if (/^GIF8[79]a/.test(start)) return "image/gif";
  return /^RIFF[\s\S]{4}WEBP/.test(start) ? "image/webp" : undefined;
}

/** In the encoding that the server or the page names (WHATWG Encoding), else UTF-8. */
function textOf({ type, bytes }: Fetched): string {
  const named = /charset=["']?([\w:-]+)/i;
  const label = named.exec(type)?.[1] ?? named.exec(bytes.toString("latin1", 0, 1024))?.[1];
  try {
    return new TextDecoder(label ?? "utf-8").decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder().decode(bytes);
    throw error;
  }
}

/** Whatever networks and servers do: names that lead nowhere, broken connections, certificates, time. */
function isOfTheWeb(error: unknown): boolean {
  if (error instanceof NoPreview) return true;
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || error.name === "TimeoutError" || "code" in error;
}

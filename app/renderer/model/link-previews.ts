import { signal, type ReadonlySignal } from "@preact/signals";
import type { LinkPreview } from "../platform/platform.ts";
import { linkParts } from "./linkify.ts";
import { isSmallPicture } from "./picture-size.ts";

/** Pages of this window that are remembered; an image of one may have half a megabyte. */
const MAX_PREVIEWS = 40;

export type Preview =
  | { readonly state: "loading" }
  | { readonly state: "none" }
  | { readonly state: "failed" }
  | { readonly state: "shown"; readonly page: LinkPreview };

/** Previews of links that somebody asked for, as long as the window is open. */
export class LinkPreviews {
  readonly #previews = signal<ReadonlyMap<string, Preview>>(new Map());

  get all(): ReadonlySignal<ReadonlyMap<string, Preview>> {
    return this.#previews;
  }

  /** Asks the page for what it says of itself. Never rejects. */
  async show(
    url: string,
    fetchPreview: (url: string) => Promise<LinkPreview | undefined>,
  ): Promise<void> {
    if (this.#previews.peek().get(url)?.state === "loading") return;
    this.#put(url, { state: "loading" });
    try {
      const page = await fetchPreview(url);
      this.#put(url, page === undefined ? { state: "none" } : { state: "shown", page: sane(page) });
    } catch {
      // Whatever it was: the person is told that the page could not be reached.
      this.#put(url, { state: "failed" });
    }
  }

  hide(url: string): void {
    const previews = new Map(this.#previews.peek());
    previews.delete(url);
    this.#previews.value = previews;
  }

  #put(url: string, preview: Preview): void {
    const previews = new Map(this.#previews.peek());
    previews.delete(url);
    previews.set(url, preview);
    for (const oldest of previews.keys()) {
      if (previews.size <= MAX_PREVIEWS) break;
      previews.delete(oldest);
    }
    this.#previews.value = previews;
  }
}

/** Without a picture that would fill the memory: the page says what it is, and anybody makes pages. */
function sane(page: LinkPreview): LinkPreview {
  const { image, ...words } = page;
  const base64 = image?.split(",")[1];
  return base64 !== undefined && isSmallPicture(base64) ? page : words;
}

/** The first link of a text. */
export function firstLink(text: string): string | undefined {
  if (!/https?:|\./i.test(text)) return undefined;
  return linkParts(text).find((part) => part.kind === "link")?.href;
}

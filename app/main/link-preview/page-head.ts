import { Parser } from "htmlparser2";

/** What a page says of itself in its head. */
export interface PageHead {
  readonly title?: string;
  readonly description?: string;
  /** As written: it may be relative. */
  readonly image?: string;
}

const MAX_TITLE = 300;
const MAX_DESCRIPTION = 500;
/** Of the title's text, before it is cleaned. */
const MAX_RAW = 4096;

/** Names of `<meta>`, best first (the Open Graph protocol, Twitter's cards, HTML). */
const TITLES = ["og:title", "twitter:title"];
const DESCRIPTIONS = ["og:description", "twitter:description", "description"];
const IMAGES = ["og:image:secure_url", "og:image", "twitter:image"];

/** Reads the head of a page; texts come out plain, on one line and shortened. */
export function readHead(html: string): PageHead {
  const metas = new Map<string, string>();
  let title = "";
  let inTitle = false;
  let done = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (done) return;
      // Pictures within the page have titles of their own.
      if (name === "body" || name === "svg") done = true;
      if (name === "title") inTitle = title === "";
      if (name !== "meta") return;
      const key = (attributes["property"] ?? attributes["name"] ?? "").toLowerCase();
      const { content = "" } = attributes;
      if (content !== "" && !metas.has(key) && KNOWN.has(key)) metas.set(key, content);
    },
    ontext(text) {
      if (inTitle && !done) title = (title + text).slice(0, MAX_RAW);
    },
    onclosetag(name) {
      if (name === "title") inTitle = false;
      if (name === "head") done = true;
    },
  });
  parser.end(html);
  const first = (names: readonly string[]): string =>
    names.map((name) => metas.get(name)).find((text) => text !== undefined) ?? "";
  const found = {
    title: plain(first(TITLES), MAX_TITLE) || plain(title, MAX_TITLE),
    description: plain(first(DESCRIPTIONS), MAX_DESCRIPTION),
    image: first(IMAGES).trim(),
  };
  return {
    ...(found.title === "" ? {} : { title: found.title }),
    ...(found.description === "" ? {} : { description: found.description }),
    ...(found.image === "" ? {} : { image: found.image }),
  };
}

const KNOWN: ReadonlySet<string> = new Set([...TITLES, ...DESCRIPTIONS, ...IMAGES]);

/** Without what is not seen but turns or hides what is. */
function plain(text: string, length: number): string {
  const line = text
    .slice(0, MAX_RAW)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replaceAll(/[\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/gu, "")
    .trim();
  if (line.length <= length) return line;
  // Not between the two halves of a character.
  return `${line.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

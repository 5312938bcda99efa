import DOMPurify from "dompurify";
import type { JSX } from "preact";
import { linkParts } from "../model/linkify.ts";
import { hasMarkup, markdownToHtml } from "../model/markdown.ts";

const SANE = {
  ALLOWED_TAGS: ["p", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"],
  ALLOWED_ATTR: ["href", "target", "rel", "start"],
  ALLOWED_URI_REGEXP: /^https?:/i,
};

/** Texts as they are shown again and again while one scrolls. */
const MAX_KEPT = 500;
const kept = new Map<string, string>();

/** A message's text: emphasis, code, quotes, lists and links; anything else as it was written. */
export function RichText({ text }: { text: string }): JSX.Element {
  if (hasMarkup(text)) {
    return <div class="rich-text" dangerouslySetInnerHTML={{ __html: safeHtml(text) }} />;
  }
  return (
    <>
      {linkParts(text).map((part, index) =>
        part.kind === "text" ? (
          part.text
        ) : (
          <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </>
  );
}

function safeHtml(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const html = DOMPurify.sanitize(markdownToHtml(text), SANE);
  kept.set(text, html);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
  return html;
}

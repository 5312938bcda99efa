import MarkdownIt from "markdown-it";
import { linkParts } from "./linkify.ts";

/** Nothing of it can be markup: it is shown as it was written, spaces and all. */
const PLAIN = /^(?![\s\S]*[*_~`])(?![\s\S]*^\s*(?:>|(?:[-+]|\d+[.)])\s))/m;

/**
 * Emphasis, code, quotes and lists, as people write them in chats. No HTML, images or headings; no
 * links whose words hide where they lead; no backslashes, for these are in paths.
 */
const markdown = new MarkdownIt("zero").enable([
  "backticks",
  "blockquote",
  "emphasis",
  "fence",
  "list",
  "newline",
  "strikethrough",
  "text_join",
]);

const { rules } = markdown.renderer;
const { escapeHtml } = markdown.utils;

rules["text"] = (tokens, index) =>
  linkParts(tokens[index]?.content ?? "")
    .map((part) =>
      part.kind === "text"
        ? escapeHtml(part.text)
        : `<a href="${escapeHtml(part.href)}" target="_blank" rel="noopener noreferrer nofollow">${escapeHtml(part.text)}</a>`,
    )
    .join("");
rules["fence"] = (tokens, index) =>
  `<pre><code>${escapeHtml(tokens[index]?.content.replace(/\n$/, "") ?? "")}</code></pre>`;
rules["softbreak"] = () => "\n";

/** Could the text be anything but plain? */
export function hasMarkup(text: string): boolean {
  return !PLAIN.test(text);
}

/**
 * HTML of a message: `p`, `em`, `strong`, `s`, `code`, `pre`, `blockquote`, `ul`, `ol`, `li` and `a`
 * alone, without line breaks between blocks. Goes through the sanitiser before it is shown.
 */
export function markdownToHtml(text: string): string {
  return markdown.render(text).replaceAll(BETWEEN_BLOCKS, "$1");
}

/** The renderer's own line breaks: where messages keep theirs, they would show. */
const BETWEEN_BLOCKS = /(<\/?(?:p|blockquote|ul|ol|li|pre)(?: start="\d+")?>)\n/g;

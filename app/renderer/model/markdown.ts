import MarkdownIt from "markdown-it";
import { linkParts } from "./linkify.ts";
import { isMark, isOwnMark, nameMarks, splitMarks } from "./mention-marks.ts";

/** Emphasis and code. */
const MARKS = /[*_~`]/g;
/** A line that may begin a quote, or an item of a list. `*` is above. */
const BLOCK = /^[ \t]*(?:>|[-+][ \t]|\d{1,9}[.)][ \t])/gm;
/**
 * Who writes more of them in one message does not write to somebody: the work grows with the square of
 * their number, and whoever opens the conversation would wait for it.
 */
const MAX_MARKS = 1_000;
const MAX_BLOCKS = 500;

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
  // Marks are taken out before links are looked for: none gets into an address.
  splitMarks(tokens[index]?.content ?? "")
    .map((piece) =>
      isMark(piece)
        ? `<mark${isOwnMark(piece) ? " data-self" : ""}>${piece}</mark>`
        : linksToHtml(piece),
    )
    .join("");
rules["fence"] = (tokens, index) =>
  `<pre><code>${escapeHtml(tokens[index]?.content.replace(/\n$/, "") ?? "")}</code></pre>`;
rules["softbreak"] = () => "\n";

function linksToHtml(text: string): string {
  return linkParts(text)
    .map((part) =>
      part.kind === "text"
        ? escapeHtml(part.text)
        : `<a href="${escapeHtml(part.href)}" target="_blank" rel="noopener noreferrer nofollow">${escapeHtml(part.text)}</a>`,
    )
    .join("");
}

/** Could the text be anything but plain? That is shown as it was written, spaces and all. */
export function hasMarkup(text: string): boolean {
  const marks = text.match(MARKS)?.length ?? 0;
  const blocks = text.match(BLOCK)?.length ?? 0;
  return marks + blocks > 0 && marks <= MAX_MARKS && blocks <= MAX_BLOCKS;
}

/**
 * HTML of a message: `p`, `em`, `strong`, `s`, `code`, `pre`, `blockquote`, `ul`, `ol`, `li`, `a` and
 * `mark` alone, without line breaks between blocks. Goes through the sanitiser before it is shown.
 * @param names of the mentions that single characters of the text stand for
 */
export function markdownToHtml(
  text: string,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const html = markdown.render(text).replaceAll(BETWEEN_BLOCKS, "$1");
  return nameMarks(html, names, escapeHtml);
}

/** The renderer's own line breaks: where messages keep theirs, they would show. */
const BETWEEN_BLOCKS = /(<\/?(?:p|blockquote|ul|ol|li|pre)(?: start="\d+")?>)\n/g;

import DOMPurify from "dompurify";
import type { JSX } from "preact";
import type { Mention, UserId } from "../../../shared/protocol/index.ts";
import { linkParts } from "../model/linkify.ts";
import { hasMarkup, markdownToHtml } from "../model/markdown.ts";
import { isMark, isOwnMark, markMentions, splitMarks } from "../model/mention-marks.ts";

const SANE = {
  ALLOWED_TAGS: [
    "p",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "mark",
  ],
  ALLOWED_ATTR: ["href", "target", "rel", "start"],
  ALLOWED_URI_REGEXP: /^https?:/i,
};

/** Texts as they are shown again and again while one scrolls. */
const MAX_KEPT = 500;
const kept = new Map<string, string>();

const NOBODY: readonly Mention[] = [];

/**
 * A message's text: emphasis, code, quotes, lists, links and mentions; anything else as it was
 * written.
 * @param mentions valid for the text, in order
 */
export function RichText(props: {
  readonly text: string;
  readonly mentions?: readonly Mention[];
  readonly me?: UserId | undefined;
}): JSX.Element {
  const { text, names } = markMentions(props.text, props.mentions ?? NOBODY, props.me);
  if (hasMarkup(text)) {
    return <div class="rich-text" dangerouslySetInnerHTML={{ __html: safeHtml(text, names) }} />;
  }
  return (
    <>
      {splitMarks(text).map((piece, index) =>
        isMark(piece) && names.has(piece) ? (
          <mark key={index} data-self={isOwnMark(piece) ? "" : undefined}>
            {names.get(piece)}
          </mark>
        ) : (
          <Links key={index} text={piece} />
        ),
      )}
    </>
  );
}

function Links({ text }: { readonly text: string }): JSX.Element {
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

function safeHtml(text: string, names: ReadonlyMap<string, string>): string {
  const key = [text, ...names.values()].join("\0");
  const known = kept.get(key);
  if (known !== undefined) return known;
  const html = DOMPurify.sanitize(markdownToHtml(text, names), SANE);
  kept.set(key, html);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
  return html;
}

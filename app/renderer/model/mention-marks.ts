import type { Mention, UserId } from "../../../shared/protocol/index.ts";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";

/** Private-use characters stand for the mentions while the rest of the text is read as Markdown. */
const OTHERS = 0xe000;
const OWN = 0xe100;
const MARK = /[\uE000-\uE1FF]/;
const MARKS = /[\uE000-\uE1FF]/g;

export interface MarkedText {
  /** With one character in place of each mention. */
  readonly text: string;
  /** What each of these characters stands for. */
  readonly names: ReadonlyMap<string, string>;
}

/** @param mentions valid for the text, in order */
export function markMentions(
  text: string,
  mentions: readonly Mention[],
  me: UserId | undefined,
): MarkedText {
  const names = new Map<string, string>();
  // Somebody's own private-use characters are theirs.
  if (mentions.length === 0 || MARK.test(text)) return { text, names };
  let marked = "";
  let end = 0;
  for (const [index, { length, start, userId }] of mentions.entries()) {
    const mark = String.fromCharCode(
      (userId === me || userId === EVERYBODY ? OWN : OTHERS) + index,
    );
    names.set(mark, text.slice(start, start + length));
    marked += text.slice(end, start) + mark;
    end = start + length;
  }
  return { text: marked + text.slice(end), names };
}

/** The text in pieces: what stands between the marks, and each mark on its own. */
export function splitMarks(text: string): readonly string[] {
  if (!MARK.test(text)) return [text];
  return text.split(/([\uE000-\uE1FF])/).filter((piece) => piece !== "");
}

export function isMark(piece: string): boolean {
  return piece.length === 1 && MARK.test(piece);
}

export function isOwnMark(mark: string): boolean {
  return mark.charCodeAt(0) >= OWN;
}

const MARKED = /<mark(?: data-self)?>([\uE000-\uE1FF])<\/mark>/g;

/**
 * Puts the names where the marks are; where nobody is named, such characters are somebody's own.
 * @param escape makes text safe for where it goes
 */
export function nameMarks(
  html: string,
  names: ReadonlyMap<string, string>,
  escape: (text: string) => string,
): string {
  if (names.size === 0) return html.replace(MARKED, "$1");
  return html.replace(MARKS, (mark) => escape(names.get(mark) ?? mark));
}

import type { JSX } from "preact";
import type { TextRange } from "../../../shared/chatkit/history/words.ts";

/** Characters of an excerpt, and how many of them stand before what was found. */
const LENGTH = 140;
const BEFORE = 24;

export interface MarkedProps {
  readonly text: string;
  readonly ranges: readonly TextRange[];
}

/** An excerpt of a text around the first place where something was found, the places marked. */
export function Marked({ text, ranges }: MarkedProps): JSX.Element {
  const first = ranges[0]?.start ?? 0;
  const start = first > 2 * BEFORE ? wordStart(text, first - BEFORE) : 0;
  const end = Math.min(text.length, start + LENGTH);
  const parts: (JSX.Element | string)[] = [];
  let at = start;
  for (const range of ranges) {
    if (range.start >= end) break;
    parts.push(text.slice(at, range.start));
    parts.push(<mark key={range.start}>{text.slice(range.start, Math.min(range.end, end))}</mark>);
    at = range.end;
  }
  return (
    <>
      {start > 0 && "…"}
      {parts}
      {at < end && text.slice(at, end)}
      {end < text.length && "…"}
    </>
  );
}

/** The next beginning of a word, if one is near; never within a surrogate pair. */
function wordStart(text: string, at: number): number {
  const space = text.indexOf(" ", at);
  if (space >= 0 && space < at + BEFORE / 2) return space + 1;
  return /^[\udc00-\udfff]/.test(text.slice(at, at + 1)) ? at + 1 : at;
}

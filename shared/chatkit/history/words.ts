/**
 * Text as it is searched: without case, accents and punctuation, its words each after a space. In
 * scripts that put no spaces between words (Chinese, Japanese, Thai …) a run stays whole, so that any
 * part of it is found.
 */

/** Characters of a query that count; nobody types more into a search field. */
const MAX_QUERY_LENGTH = 200;

/** Words of a query that count: each one more is looked for in every message. */
const MAX_QUERY_WORDS = 16;

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}" +
  "\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}\\p{Emoji_Presentation}ー";
const unspacedRuns = new RegExp(`[${UNSPACED}]+`, "gu");
const hasUnspaced = new RegExp(`[${UNSPACED}]`, "u");
const separators = /[^\p{L}\p{N}\p{M}\p{Emoji_Presentation}]+/gu;
const accents = /[\u0300-\u036f]/g;
const isPlain = /^\p{ASCII}*$/u;

/** Compatibility forms (full width, ligatures), case and accents make no difference (UAX #15 NFKD). */
function fold(text: string): string {
  if (isPlain.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(accents, "")
    .replaceAll("ς", "σ")
    .replaceAll("ß", "ss");
}

/** What `findsAll` looks in. */
export function searchable(text: string): string {
  const words = ` ${fold(text)}`.replaceAll(separators, " ");
  return hasUnspaced.test(words) ? words.replaceAll(unspacedRuns, " $& ") : words;
}

/**
 * What a query looks for: beginnings of words, and parts of runs without spaces; none where it has no
 * letters. A run is cut into its words (UAX #29), which may then stand apart.
 */
export function needlesOf(query: string): readonly string[] {
  const needles = new Set<string>();
  for (const piece of searchable(query.slice(0, MAX_QUERY_LENGTH)).split(" ")) {
    if (piece === "") continue;
    if (!hasUnspaced.test(piece)) needles.add(` ${piece}`);
    else for (const { segment } of segmenter().segment(piece)) needles.add(segment);
  }
  return [...needles].slice(0, MAX_QUERY_WORDS);
}

/** @param text of `searchable` */
export function findsAll(text: string, needles: readonly string[]): boolean {
  return needles.every((needle) => text.includes(needle));
}

/** Part of a text, in UTF-16 code units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Where the needles are in the text as it was written, in order, none over another. */
export function rangesOf(text: string, needles: readonly string[]): readonly TextRange[] {
  const { folded, places } = foldedWithPlaces(text);
  const found: TextRange[] = [];
  for (const needle of needles) {
    for (let at = folded.indexOf(needle); at >= 0; at = folded.indexOf(needle, at + 1)) {
      // The space before a word is none of it.
      const first = needle.startsWith(" ") ? at + 1 : at;
      const last = places[at + needle.length - 1];
      const start = places[first];
      if (start !== undefined && last !== undefined) {
        found.push({ start: start.start, end: last.end });
      }
    }
  }
  return joined(found);
}

/** As `searchable`, with where each of its code units comes from. */
function foldedWithPlaces(text: string): { folded: string; places: readonly TextRange[] } {
  let folded = " ";
  const places: TextRange[] = [{ start: 0, end: 0 }];
  let start = 0;
  let wasUnspaced = false;
  const put = (piece: string, place: TextRange): void => {
    folded += piece;
    for (let unit = 0; unit < piece.length; unit++) places.push(place);
  };
  for (const character of text) {
    const place = { start, end: start + character.length };
    start = place.end;
    const piece = fold(character).replaceAll(separators, " ");
    const isUnspaced = hasUnspaced.test(piece);
    if (isUnspaced !== wasUnspaced && !folded.endsWith(" ")) put(" ", place);
    wasUnspaced = isUnspaced;
    if (piece === " " && folded.endsWith(" ")) continue;
    put(piece, place);
  }
  return { folded, places };
}

function joined(ranges: readonly TextRange[]): readonly TextRange[] {
  const all: TextRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = all.at(-1);
    if (last === undefined || range.start > last.end) all.push(range);
    else if (range.end > last.end) all[all.length - 1] = { start: last.start, end: range.end };
  }
  return all;
}

let segments: Intl.Segmenter | undefined;

/** Made when the first query needs it: its dictionaries take a while to load. */
function segmenter(): Intl.Segmenter {
  segments ??= new Intl.Segmenter(undefined, { granularity: "word" });
  return segments;
}

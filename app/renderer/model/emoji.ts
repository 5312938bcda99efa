/** Longest message of emoji alone that is shown large. */
const MAX_LARGE = 5;

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const emoji = /^(?:\p{RGI_Emoji}|\p{Emoji_Presentation})$/v;

/** How many emoji a message of emoji alone has, up to five; 0 for any other. */
export function emojiOnlyCount(text: string): number {
  // A family of four takes 25 code units and more.
  if (text.length > MAX_LARGE * 40) return 0;
  let count = 0;
  for (const { segment } of segmenter.segment(text.trim())) {
    if (/^\s$/u.test(segment)) continue;
    if (!emoji.test(segment)) return 0;
    count += 1;
  }
  return count <= MAX_LARGE ? count : 0;
}

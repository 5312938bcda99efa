import { limits, type Mention, type UserId } from "../../protocol/index.ts";

/**
 * The mentions that a text really has: within it, each beginning with `@`, in order and not
 * overlapping, of people who are in the conversation. Whatever else was sent names nobody.
 */
export function validMentions(
  text: string,
  mentions: readonly Mention[] = [],
  isMember: (userId: UserId) => boolean = () => true,
): readonly Mention[] {
  const found: Mention[] = [];
  let end = 0;
  for (const mention of mentions
    .toSorted((a, b) => a.start - b.start)
    .slice(0, limits.MAX_MENTIONS)) {
    const { length, start, userId } = mention;
    if (start < end || start + length > text.length || length < 2) continue;
    if (text[start] !== "@" || !isMember(userId)) continue;
    found.push(mention);
    end = start + length;
  }
  return found;
}

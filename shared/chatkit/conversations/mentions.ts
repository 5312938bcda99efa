import * as v from "valibot";
import {
  encodeId,
  ID_BYTES,
  limits,
  TextBody,
  UserId,
  type KeptBody,
  type Mention,
} from "../../protocol/index.ts";

/** In a mention it stands for everybody in the group; no account has it (SPEC V6). */
export const EVERYBODY: UserId = v.parse(UserId, encodeId(new Uint8Array(ID_BYTES)));

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

/** Does it name that person, by themselves or, in a group, as one of all? */
export function mentions(body: KeptBody, userId: UserId, inGroup: boolean): boolean {
  const parsed = v.safeParse(TextBody, body);
  if (!parsed.success) return false;
  const isNamed = (id: UserId): boolean => id === userId || (inGroup && id === EVERYBODY);
  return validMentions(parsed.output.text, parsed.output.mentions, isNamed).length > 0;
}

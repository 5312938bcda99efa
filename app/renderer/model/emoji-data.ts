import type { CompactEmoji } from "emojibase";
import * as v from "valibot";
import { Emoji } from "../../../shared/protocol/index.ts";

/** Groups in the order of Unicode's emoji-test.txt; `2`, the parts of emojis, is none to choose from. */
export const EMOJI_GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
export type EmojiGroup = (typeof EMOJI_GROUPS)[number];

export interface EmojiEntry {
  readonly emoji: string;
  readonly label: string;
  /** Lower case, for the search: label and tags. */
  readonly words: string;
}

export type EmojiTable = ReadonlyMap<EmojiGroup, readonly EmojiEntry[]>;

/** The emojis with their names in a language; read when somebody first asks for them. */
export async function loadEmojis(language: string): Promise<EmojiTable> {
  const { default: all } = language.startsWith("zh")
    ? await import("emojibase-data/zh/compact.json")
    : await import("emojibase-data/en/compact.json");
  return emojiTable(all);
}

function emojiTable(all: readonly CompactEmoji[]): EmojiTable {
  const table = new Map<EmojiGroup, EmojiEntry[]>(EMOJI_GROUPS.map((group) => [group, []]));
  for (const { group, unicode, label, tags = [] } of all) {
    const known = EMOJI_GROUPS.find((one) => one === group);
    if (known === undefined) continue;
    const words = [label, ...tags].join(" ").toLowerCase();
    // Some are listed with a variation selector that their plain form does not need.
    const isOne: boolean = v.is(Emoji, unicode);
    const emoji = isOne ? unicode : unicode.replaceAll("\u{FE0F}", "");
    table.get(known)?.push({ emoji, label, words });
  }
  return table;
}

/** Those with all the words in their names; a name that begins with the text comes first. */
export function findEmojis(table: EmojiTable, text: string, limit: number): readonly EmojiEntry[] {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  return [...table.values()]
    .flat()
    .filter((entry) => words.every((word) => entry.words.includes(word)))
    .toSorted((a, b) => rank(a, wanted) - rank(b, wanted))
    .slice(0, limit);
}

function rank({ words }: EmojiEntry, wanted: string): number {
  if (words.startsWith(wanted)) return 0;
  return words.includes(` ${wanted}`) ? 1 : 2;
}

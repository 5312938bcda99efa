import { expect, test } from "vitest";
import * as v from "valibot";
import { Emoji } from "../../../shared/protocol/index.ts";
import { EMOJI_GROUPS, findEmojis, loadEmojis } from "./emoji-data.ts";

test.each(["en", "zh-CN"])("%s: every emoji of the picker may be a reaction", async (language) => {
  const table = await loadEmojis(language);
  for (const group of EMOJI_GROUPS) {
    const entries = table.get(group) ?? [];
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter(({ emoji }) => !v.is(Emoji, emoji)).map(({ emoji }) => emoji)).toEqual(
      [],
    );
  }
});

test("found by names and tags, in the language", async () => {
  const english = await loadEmojis("en");
  expect(findEmojis(english, "bee", 20).map(({ emoji }) => emoji)).toContain("🐝");
  expect(findEmojis(english, "red heart", 5)[0]?.emoji).toBe("❤️");
  expect(findEmojis(english, "heart red", 5).map(({ emoji }) => emoji)).toContain("❤️");
  expect(findEmojis(english, "no such thing", 5)).toEqual([]);
  const chinese = await loadEmojis("zh-CN");
  expect(findEmojis(chinese, "蜜蜂", 5).map(({ emoji }) => emoji)).toContain("🐝");
});

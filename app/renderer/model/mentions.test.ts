import { expect, test } from "vitest";
import { userId } from "../testing/fake-people.ts";
import { markdownToHtml } from "./markdown.ts";
import { markMentions } from "./mention-marks.ts";
import { findMentions, mentionQuery } from "./mentions.ts";

const bob = { userId: userId(2), displayName: "Bob Ross", userName: "bob" };

test("V6: an @ at the beginning of a word asks whom", () => {
  expect(mentionQuery("hello @bo", 9)).toEqual({ start: 6, query: "bo" });
  expect(mentionQuery("@", 1)).toEqual({ start: 0, query: "" });
  expect(mentionQuery("(@王", 3)).toEqual({ start: 1, query: "王" });
  expect(mentionQuery("ada@example.org", 15)).toBeUndefined();
  expect(mentionQuery("hello @bo and", 13)).toBeUndefined();
});

test("V6: names are found whole, each place once", () => {
  expect(findMentions("@Bob Ross and @bob, not @bobby or a@bob", [bob])).toEqual([
    { userId: bob.userId, start: 0, length: 9 },
    { userId: bob.userId, start: 14, length: 4 },
  ]);
});

test("V6: a mention is marked in plain text, in Markdown and in code, and in no address", () => {
  const text = "**Hi @Bob** `@Bob` https://example.org/@Bob";
  const mentions = [5, 13, 39].map((start) => ({ userId: bob.userId, start, length: 4 }));
  const marked = markMentions(text, mentions, bob.userId);
  const html = markdownToHtml(marked.text, marked.names);
  expect(html).toContain("<strong>Hi <mark data-self>@Bob</mark></strong>");
  expect(html).toContain("<code>@Bob</code>");
  expect(html).toContain('href="https://example.org/"');
  expect(html).not.toMatch(/[\uE000-\uE1FF]/);
  const hostile = markMentions("*@<b>x*", [{ userId: bob.userId, start: 1, length: 5 }], undefined);
  expect(markdownToHtml(hostile.text, hostile.names)).toContain("<mark>@&lt;b&gt;x</mark>");
  // Somebody's own private-use characters stand for nobody.
  const foreign = markMentions("\uE000 *@Bob*", mentions.slice(0, 1), undefined);
  expect(markdownToHtml(foreign.text, foreign.names)).not.toContain("mark");
});

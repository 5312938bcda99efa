import { expect, test } from "vitest";
import { userId } from "../testing/fake-people.ts";
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

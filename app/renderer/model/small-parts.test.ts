import { describe, expect, test } from "vitest";
import { rosterEntry, somePeople } from "../testing/fake-people.ts";
import { arrangeBuddies, entryName } from "./buddies.ts";
import { emojiOnlyCount } from "./emoji.ts";
import { completeServerAddress } from "./server-address.ts";

describe("completeServerAddress", () => {
  test.each([
    ["chat.example.org", "https://chat.example.org"],
    ["  chat.example.org:8443/ ", "https://chat.example.org:8443"],
    ["localhost:8080", "http://localhost:8080"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://192.168.1.5:8080", "http://192.168.1.5:8080"],
    ["wss://host/beeline/", "wss://host/beeline"],
  ])("%s is %s", (typed, complete) => {
    expect(completeServerAddress(typed)).toBe(complete);
  });

  test.each(["", "  ", "two words", "ftp://host", "javascript:alert(1)", "https://a:b@host"])(
    "refuses %j",
    (typed) => {
      expect(completeServerAddress(typed)).toBeUndefined();
    },
  );
});

describe("emojiOnlyCount", () => {
  test.each([
    ["🎉", 1],
    ["👩‍👩‍👧‍👦 🇸🇪", 2],
    ["❤️👍🏽", 2],
    ["🎉🎉🎉🎉🎉🎉", 0],
    ["ok 🎉", 0],
    ["42", 0],
    ["#", 0],
    ["", 0],
  ])("%s: %d", (text, count) => {
    expect(emojiOnlyCount(text)).toBe(count);
  });
});

describe("arrangeBuddies", () => {
  const entries = somePeople(Date.UTC(2026, 4, 4)).map(rosterEntry);

  test("groups by name with the unnamed last, the present first, everybody once", () => {
    const { groups, requestsIn, requestsOut, blocked } = arrangeBuddies(entries, "", "en");
    expect(groups.map(({ name, online }) => [name, online])).toEqual([
      ["Friends", 2],
      ["Work", 2],
      ["", 0],
    ]);
    expect(groups[1]?.entries.map(entryName)).toEqual(["Grace Hopper", "Linus Ekström"]);
    expect([requestsIn, requestsOut, blocked].map((list) => list.length)).toEqual([1, 1, 1]);
  });

  test("a search looks at nickname, names, group and status text", () => {
    const found = (query: string): readonly string[] =>
      arrangeBuddies(entries, query, "en").groups.flatMap((group) => group.entries.map(entryName));
    expect(found("MUM")).toEqual(["Mum"]);
    expect(found("ingrid")).toEqual(["Mum"]);
    expect(found("work call")).toEqual(["Linus Ekström"]);
    expect(found("小雨")).toEqual(["林小雨"]);
  });
});

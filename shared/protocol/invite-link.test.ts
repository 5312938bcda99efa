import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatInviteLink, parseInviteLink, type InviteLink } from "./invite-link.ts";

const pin = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";
const server = "https://192.0.2.5:8383";

describe("H5 an invitation link", () => {
  test("carries server, code and pin behind the #, where no server sees them", () => {
    const link = formatInviteLink({ server, invite: "abcd-efgh", pin });
    expect(link).toBe(`${server}/#invite=abcd-efgh&pin=${pin}`);
    expect(parseInviteLink(link)).toEqual({ server, invite: "abcd-efgh", pin });
    expect(new URL(link).pathname + new URL(link).search).toBe("/");
  });

  test("opens the app as well", () => {
    const link = formatInviteLink({ server, invite: "abcd", pin }, "app");
    expect(link).toBe(`beeline://192.0.2.5:8383/#invite=abcd&pin=${pin}`);
    expect(parseInviteLink(link)).toEqual({ server, invite: "abcd", pin });
  });

  test.each<[string, InviteLink]>([
    ["https://Chat.Example.org/", { server: "https://chat.example.org" }],
    [" https://h:443/im/ ", { server: "https://h/im" }],
    ["http://h:8383/#invite=a", { server: "http://h:8383", invite: "a" }],
    ["https://h/#", { server: "https://h" }],
    ["https://h/#later=1&invite=a", { server: "https://h", invite: "a" }],
    ["BEELINE://[::1]:8383", { server: "https://[::1]:8383" }],
  ])("%s is read", (text, expected) => {
    expect(parseInviteLink(text)).toEqual(expected);
  });

  test.each([
    "",
    "host",
    "ftp://h",
    "javascript:alert(1)",
    "https://",
    "https://u:p@h/",
    "https://h/?invite=a",
    "https://h/#invite=",
    "https://h/#invite=a b",
    `https://h/#invite=${"a".repeat(200)}`,
    "https://h/#pin=short",
    `https://h/#pin=${pin.slice(0, -1)}R`,
    `https://h/#pin=${pin}A`,
    `http://h/#pin=${pin}`,
    `https://h/#invite=a&pin=${"x".repeat(3000)}`,
  ])("%j is none", (text) => {
    expect(parseInviteLink(text)).toBeUndefined();
  });

  test("whatever the text, it is read as itself or not at all", () => {
    const near = fc
      .tuple(fc.webUrl(), fc.string(), fc.string())
      .map(([url, invite, key]) => `${url}/#invite=${invite}&pin=${key}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withFragments: true }), near), (text) => {
        const link = parseInviteLink(text);
        if (link === undefined) return;
        expect(parseInviteLink(formatInviteLink(link))).toEqual(link);
        expect(Object.keys(link).every((key) => ["server", "invite", "pin"].includes(key))).toBe(
          true,
        );
      }),
    );
  });
});

import { expect, test } from "vitest";
import { conversationIdOf } from "../testing/test-ids.ts";
import { formatGroupLink, parseGroupLink } from "./group-link.ts";

const link = {
  server: "https://chat.example.org:8443",
  conversationId: conversationIdOf(1),
  secret: new Uint8Array(32).fill(250),
  key: new Uint8Array(32).fill(251),
};

test("a link says where, which group, and both keys; the server sees none of it", () => {
  const text = formatGroupLink(link);
  expect(text).toMatch(
    /^https:\/\/chat\.example\.org:8443\/#group=[\w-]{22}&secret=[\w-]{43}&key=/,
  );
  expect(parseGroupLink(` ${text}\n`)).toEqual(link);
  expect(parseGroupLink(text.replace("https:", "beeline:"))).toEqual(link);
  expect(parseGroupLink(`${text}&newer=1`)).toEqual(link);
});

test.each([
  ["nothing", ""],
  ["an invitation to the server", "https://chat.example.org/#invite=abc"],
  ["no key", formatGroupLink(link).replace(/&key=.*/, "")],
  ["a key cut short", formatGroupLink(link).slice(0, -1)],
  ["bits beyond the key", `${formatGroupLink(link).slice(0, -1)}9`],
  ["no group", formatGroupLink(link).replace("#group=", "#gruppe=")],
  ["an address that is none", formatGroupLink(link).replace("https:", "mailto:")],
  ["one with a password in it", formatGroupLink(link).replace("chat.", "ada:secret@chat.")],
  ["something very long", `${formatGroupLink(link)}&x=${"x".repeat(3_000)}`],
])("%s is no link", (_, text) => {
  expect(parseGroupLink(text)).toBeUndefined();
});

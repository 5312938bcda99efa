import { expect, test } from "vitest";
import { linkParts } from "./linkify.ts";

const links = (text: string): readonly string[] =>
  linkParts(text).flatMap((part) => (part.kind === "link" ? [part.href] : []));

test("http and https become links, with the words around them kept", () => {
  const text = "See https://a.example/x?y=1#z, or http://b.example.";
  expect(links(text)).toEqual(["https://a.example/x?y=1#z", "http://b.example"]);
  expect(
    linkParts(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});

test("a bare domain opens by https", () => {
  expect(links("go to example.org/path")).toEqual(["https://example.org/path"]);
});

test.each([
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "vbscript:msgbox",
  "<script>alert('x')</script>",
  '<a href="javascript:alert(1)">x</a>',
  "mail me: ada@example.org",
  "ftp://files.example.org/x",
  "https://bank.example@evil.example/",
])("stays text: %s", (text) => {
  expect(links(text).filter((href) => !/^https?:\/\/[a-z.]+\/?$/.test(href))).toEqual([]);
  expect(links(text).some((href) => href.includes("@"))).toBe(false);
  expect(
    linkParts(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});

test("10,000 characters are done at once", () => {
  const text = "http://".repeat(1428);
  const started = performance.now();
  linkParts(text);
  linkParts("a.".repeat(5000));
  expect(performance.now() - started).toBeLessThan(1000);
});

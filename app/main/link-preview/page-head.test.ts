import { expect, it } from "vitest";
import { readHead } from "./page-head.ts";

it("reads what a page says of itself, the better words first", () => {
  expect(
    readHead(`<!doctype html><html><head><title>Long title | Site</title>
      <meta name="description" content="For search engines">
      <meta property="og:title" content="Bees &amp; lines">
      <meta property="og:description" content="About  bees.
        And lines.">
      <meta property="og:image" content="/bee.png"></head><body><title>no</title></body></html>`),
  ).toEqual({ title: "Bees & lines", description: "About bees. And lines.", image: "/bee.png" });
});

it("is content with a title, and with nothing", () => {
  expect(readHead("<title>\n  Only &lt;this&gt; \n</title><p>text")).toEqual({
    title: "Only <this>",
  });
  expect(readHead("just text")).toEqual({});
  expect(readHead("<head></head><body><title>Of the body</title>")).toEqual({});
  expect(
    readHead('<svg><title>A picture</title></svg><meta property="og:title" content="x">'),
  ).toEqual({});
});

it("takes nothing that hides or turns what is read, and nothing endless", () => {
  const { title, description } = readHead(
    `<title>pay\u202Elap\u0000yap\u200B!</title><meta name=description content="${"é".repeat(9_000)}">`,
  );
  expect(title).toBe("paylap yap!");
  expect(description).toHaveLength(500);
  expect(readHead(`<title>${"😀".repeat(400)}`).title).toMatch(/^(?:😀)+…$/u);
  expect(readHead("<meta property='og:title' content='a'>".repeat(10_000)).title).toBe("a");
});

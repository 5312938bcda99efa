import { expect, test } from "vitest";
import { firstLink, LinkPreviews } from "./link-previews.ts";

const page = (url: string) => ({ url, title: `Title of ${url}` });

test("V10: a page is asked for once, when a person wants it, and can be put away", async () => {
  const previews = new LinkPreviews();
  const asked: string[] = [];
  const answer = Promise.withResolvers<void>();
  const fetchPreview = async (url: string) => {
    asked.push(url);
    await answer.promise;
    return page(url);
  };
  const url = "https://example.org/";
  const shown = previews.show(url, fetchPreview);
  await previews.show(url, fetchPreview);
  expect(previews.all.value.get(url)).toEqual({ state: "loading" });
  answer.resolve();
  await shown;
  expect(asked).toEqual([url]);
  expect(previews.all.value.get(url)).toEqual({ state: "shown", page: page(url) });
  previews.hide(url);
  expect(previews.all.value.size).toBe(0);
});

test("V10: a page without a preview, and one that fails, say so; so many are remembered", async () => {
  const previews = new LinkPreviews();
  await previews.show("https://a.example/", async () => undefined);
  await previews.show("https://b.example/", () => Promise.reject(new Error("refused")));
  expect([...previews.all.value.values()].map(({ state }) => state)).toEqual(["none", "failed"]);
  for (let n = 0; n < 60; n++)
    await previews.show(`https://c.example/${n}`, async (url) => page(url));
  expect(previews.all.value.size).toBe(40);
  expect(previews.all.value.has("https://a.example/")).toBe(false);
});

test("V10: a page's picture that would fill the memory is left out", async () => {
  const previews = new LinkPreviews();
  const small = `data:image/webp;base64,UklGRgAAAABXRUJQVlA4TAAAAAAvf8J3AA==`;
  const bomb = `data:image/webp;base64,UklGRgAAAABXRUJQVlA4TAAAAAAv////Dw==`;
  for (const [image, kept] of [
    [small, { image: small }],
    [bomb, {}],
    ["data:image/svg+xml,<svg/>", {}],
  ] as const) {
    await previews.show(image, async (url) => ({ ...page(url), image }));
    expect(previews.all.value.get(image)).toEqual({
      state: "shown",
      page: { ...page(image), ...kept },
    });
  }
});

test("V10: the first link of a text is found, and only what opens as one", () => {
  expect(firstLink("see https://example.org/tides and https://b.example")).toBe(
    "https://example.org/tides",
  );
  expect(firstLink("javascript:alert(1) nothing.")).toBeUndefined();
});

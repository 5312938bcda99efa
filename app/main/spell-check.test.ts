import { expect, it } from "vitest";
import { SpellCheck } from "./spell-check.ts";

function setUp(platform: NodeJS.Platform) {
  const state = { enabled: true, languages: ["en-US"], source: "" };
  const spelling = new SpellCheck(
    {
      availableSpellCheckerLanguages: ["de", "en-GB", "en-US", "es", "fr", "it"],
      setSpellCheckerEnabled: (enable) => (state.enabled = enable),
      setSpellCheckerLanguages: (languages) => (state.languages = languages),
      setSpellCheckerDictionaryDownloadURL: (url) => (state.source = url),
    },
    platform,
  );
  return { spelling, state };
}

it("is off, and fetches nothing, until a language is chosen", () => {
  const { spelling, state } = setUp("linux");
  spelling.set([]);
  expect(state).toEqual({
    enabled: false,
    languages: [],
    source: "https://dictionaries.invalid/",
  });
  spelling.set(["en-GB", "tlh", "de"]);
  expect(state.languages).toEqual(["en-GB", "de"]);
  expect(state.enabled).toBe(true);
  expect(new URL(state.source).hostname).toBe("redirector.gvt1.com");
  spelling.set(["tlh"]);
  expect(state.enabled).toBe(false);
});

it("takes a bounded number of languages", () => {
  const { spelling, state } = setUp("win32");
  spelling.set(["de", "en-GB", "es", "fr", "it"]);
  expect(state.languages).toEqual(["de", "en-GB", "es", "fr"]);
});

it("is the system's own on macOS: on or off", () => {
  const { spelling, state } = setUp("darwin");
  expect(spelling.available).toEqual([]);
  spelling.set(["auto"]);
  expect(state).toEqual({ enabled: true, languages: ["en-US"], source: "" });
  spelling.set([]);
  expect(state.enabled).toBe(false);
});

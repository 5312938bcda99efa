import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Rgb = readonly [number, number, number];
type Scheme = "light" | "dark";

const css = readFileSync(new URL("../app/renderer/styles/tokens.css", import.meta.url), "utf8");

/** Custom properties of the rule with that selector. */
function tokensOf(selector: string): ReadonlyMap<string, string> {
  const rule = css.slice(css.indexOf(`${selector} {`));
  const body = rule.slice(0, rule.indexOf("\n}"));
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

const usual = tokensOf(":root");
const high = new Map([...usual, ...tokensOf(':root[data-contrast="more"]')]);

function colour(tokens: ReadonlyMap<string, string>, name: string, scheme: Scheme): Rgb {
  const value = tokens.get(name) ?? "";
  const both = /^light-dark\((#\w{6}), (#\w{6})\)$/.exec(value);
  const hex = both === null ? value : both[scheme === "light" ? 1 : 2];
  const parts = /^#(\w\w)(\w\w)(\w\w)$/.exec(hex ?? "");
  if (parts === null) throw new Error(`--${name} is no colour: ${value}`);
  const [red = 0, green = 0, blue = 0] = parts.slice(1).map((part) => Number.parseInt(part, 16));
  return [red, green, blue];
}

/** Relative luminance and contrast (WCAG 2.2, "relative luminance", "contrast ratio"). */
function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: Rgb, b: Rgb): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (lighter + 0.05) / (darker + 0.05);
}

const grounds = ["canvas", "surface", "sidebar", "raised", "sunken", "hover"];
/** Text, and everything that it is written on. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ["ink", [...grounds, "honey-wash", "theirs", "bad-wash", "chosen"]],
  ["ink-soft", [...grounds, "honey-wash", "bad-wash"]],
  ["ink-faint", [...grounds, "honey-wash"]],
  ["honey-ink", ["honey", "honey-hover"]],
  ["honey-text", ["canvas", "surface", "sidebar", "raised", "hover", "honey-wash"]],
  ["own-ink", ["own"]],
  ["own-mark", ["own"]],
  ["theirs-mark", ["theirs"]],
  ["link", ["theirs", "own"]],
  ["bad", ["canvas", "surface", "raised", "bad-wash"]],
  ["danger-ink", ["danger", "danger-hover"]],
  ["tooltip-ink", ["tooltip"]],
];
/** What is no text and has to be seen all the same (WCAG 1.4.11), on what it lies. */
const marks: readonly (readonly [string, readonly string[]])[] = [
  ["focus", ["canvas", "surface", "sidebar", "raised"]],
  ["good", ["sidebar", "surface"]],
];
/** Edges that high contrast promises. */
const edges: readonly (readonly [string, readonly string[]])[] = [
  ["line", ["canvas", "surface", "sidebar", "raised"]],
  ["line-strong", ["canvas", "surface", "raised"]],
  ["own-edge", ["canvas"]],
  ["theirs-edge", ["canvas"]],
];

function tooWeak(
  tokens: ReadonlyMap<string, string>,
  pairs: readonly (readonly [string, readonly string[]])[],
  least: number,
): readonly string[] {
  const schemes: readonly Scheme[] = ["light", "dark"];
  return schemes.flatMap((scheme) =>
    pairs.flatMap(([front, backs]) =>
      backs.flatMap((back) => {
        const ratio = contrast(colour(tokens, front, scheme), colour(tokens, back, scheme));
        return ratio < least ? [`${scheme}: ${front} on ${back}: ${ratio.toFixed(2)}`] : [];
      }),
    ),
  );
}

describe("contrast", () => {
  test("black on white is 21:1, as the standard says", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
  });
  test("texts hold WCAG AA in both schemes", () => {
    expect(tooWeak(usual, texts, 4.5)).toEqual([]);
    expect(tooWeak(usual, marks, 3)).toEqual([]);
  });
  test("texts hold WCAG AAA with high contrast, and every box has an edge", () => {
    expect(tooWeak(high, texts, 7)).toEqual([]);
    expect(tooWeak(high, marks, 4.5)).toEqual([]);
    expect(tooWeak(high, edges, 4.5)).toEqual([]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Lines that name a side of the screen, each with its reason. */
const PHYSICAL: ReadonlySet<string> = new Set<string>([]);

const PATTERNS: readonly RegExp[] = [
  /^(left|right):/,
  /^(margin|padding|border)-(left|right)\b/,
  /^border-(top|bottom)-(left|right)-radius:/,
  /^(scroll-)?(margin|padding)-(left|right):/,
  /^(text-align|float|clear): (left|right)\b/,
  // Four values, of which the second and the fourth differ.
  /^(margin|padding|inset): ([^\s(]+) ([^\s(]+) ([^\s(]+) (?!\3;)[^\s(]+;/,
];

const folder = new URL("../app/renderer/styles/", import.meta.url);
const lines = readdirSync(folder)
  .filter((file) => file.endsWith(".css"))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return text
      .split("\n")
      .map((line, index) => ({ at: `${file}:${index + 1}`, line: line.trim() }));
  });

test("styles follow the direction of reading: no line names left or right", () => {
  const found = lines.filter(({ line }) => PATTERNS.some((pattern) => pattern.test(line)));
  expect(
    found.map(({ at, line }) => `${at} ${line}`).filter((text) => !PHYSICAL.has(text)),
  ).toEqual([]);
});

test("the size of texts follows the person's choice: no font size in pixels", () => {
  const found = lines.filter(({ line }) => /^font(-size)?:.*\dpx/.test(line));
  // Inside a drawing that is scaled as a whole, pixels are its own units.
  expect(
    found.map(({ at, line }) => `${at} ${line}`).filter((text) => !text.startsWith("art.css")),
  ).toEqual([]);
});

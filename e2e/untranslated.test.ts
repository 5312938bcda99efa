import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import * as v from "valibot";
import { expect, test } from "vitest";

const renderer = new URL("../app/renderer/", import.meta.url).pathname;

/** Attributes and properties of our components that people see or hear. */
const SEEN: ReadonlySet<string> = new Set([
  "alt",
  "action",
  "aria-description",
  "aria-label",
  "aria-placeholder",
  "aria-roledescription",
  "aria-valuetext",
  "error",
  "hint",
  "label",
  "placeholder",
  "text",
  "title",
]);

/** The same in every language, each with its reason. */
const NAMES: ReadonlySet<string> = new Set([
  // The shape of an address.
  "https://chat.example.org",
  // The product's name.
  "Beeline",
]);

const Template = v.object({ quasis: v.array(v.object({ value: v.object({ raw: v.string() }) })) });

/** Texts of a source file that are written there instead of in a catalogue. */
function untranslated(file: string, source: string): readonly string[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} cannot be read`);
  const found: string[] = [];
  const judge = (text: string): void => {
    const words = text.trim();
    if (/\p{L}{2,}/u.test(words) && !NAMES.has(words)) found.push(words);
  };
  const judgeExpression = (expression: { type: string }): void => {
    if (expression.type === "Literal" && "value" in expression) {
      if (typeof expression.value === "string") judge(expression.value);
    } else if (expression.type === "TemplateLiteral" && "quasis" in expression) {
      const { quasis } = v.parse(Template, expression);
      for (const { value } of quasis) judge(value.raw);
    } else if (expression.type === "ConditionalExpression") {
      if ("consequent" in expression) judgeUnknown(expression.consequent);
      if ("alternate" in expression) judgeUnknown(expression.alternate);
    } else if (expression.type === "LogicalExpression" && "right" in expression) {
      judgeUnknown(expression.right);
    }
  };
  const judgeUnknown = (value: unknown): void => {
    if (typeof value === "object" && value !== null && "type" in value) {
      if (typeof value.type === "string") judgeExpression({ ...value, type: value.type });
    }
  };
  new Visitor({
    JSXText: ({ value }) => judge(value),
    JSXElement: ({ children }) => {
      for (const child of children) {
        if (child.type === "JSXExpressionContainer") judgeExpression(child.expression);
      }
    },
    JSXAttribute: ({ name, value }) => {
      if (name.type !== "JSXIdentifier" || !SEEN.has(name.name) || value === null) return;
      judgeExpression(value.type === "JSXExpressionContainer" ? value.expression : value);
    },
  }).visit(program);
  return found;
}

test("it sees what it is to see, and nothing else", () => {
  const source = `
    const a = <p class="note">Hello <b>{name}</b>{open && "Open"}</p>;
    const b = <img alt={"A " + x} title={full ? "Full" : t.empty} aria-label={\`Row \${n}\`} />;
    const c = <Field label={t.name} placeholder="Your name" id="name" />;
    const d = <span>{t.done} · @{user}</span>;
  `;
  expect(untranslated("x.tsx", source).toSorted()).toEqual(
    ["Full", "Hello", "Open", "Row", "Your name"].toSorted(),
  );
});

test("every word on the screen comes from a catalogue", () => {
  const files = globSync("**/*.tsx", { cwd: renderer }).filter((file) => !/testing/.test(file));
  expect(files.length).toBeGreaterThan(30);
  const found = files.flatMap((file) => {
    const path = `${renderer}${file}`;
    const texts = untranslated(path, readFileSync(path, "utf8"));
    return texts.map((text) => `${relative(renderer, path)}: ${text}`);
  });
  expect(found).toEqual([]);
});

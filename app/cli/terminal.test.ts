import { expect, test } from "vitest";
import { harmless } from "./terminal.ts";

test("what comes from others does nothing to the terminal, and JSON says the same as before", () => {
  expect(harmless("Grüße\tan alle,\n2 Zeilen 🐝")).toBe("Grüße\tan alle,\n2 Zeilen 🐝");
  expect(harmless("\u001b]0;title\u0007\u009b2J\u007f\r")).toBe(
    "\\u001b]0;title\\u0007\\u009b2J\\u007f\\u000d",
  );
  const event = { text: "\u009b31m\u0007\u2028" };
  const line = harmless(JSON.stringify(event));
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(JSON.parse(line)).toEqual(event);
});

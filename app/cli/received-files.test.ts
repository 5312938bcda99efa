import { expect, test } from "vitest";
import { safeName } from "./received-files.ts";

test.each([
  ["notes.txt", "notes.txt"],
  ["../../etc/passwd", "_.._etc_passwd"],
  [".bashrc", "bashrc"],
  ["a\\b:c*.txt", "a_b_c_.txt"],
  ["invoice\u202Efdp.exe", "invoice_fdp.exe"],
  ["con.txt", "_con.txt"],
  ["...", "file"],
  ["会议记录.pdf", "会议记录.pdf"],
])("F1: %j is saved as %j", (name, safe) => {
  expect(safeName(name)).toBe(safe);
});

test("F1: a long name keeps its ending", () => {
  const safe = safeName(`${"长".repeat(255)}.pdf`);
  expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
  expect(safe.endsWith(".pdf")).toBe(true);
});

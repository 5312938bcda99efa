import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isStale } from "./freshness.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "beeline-fresh-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes a file as if at this second. */
function write(name: string, second: number): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  utimesSync(path, second, second);
}

const stale = (): boolean => isStale(root, "dist/index.html", ["app/**/*", "package-lock.json"]);

it("is stale while it is absent or older than a source", () => {
  write("app/deep/style.css", 100);
  write("package-lock.json", 100);
  expect(stale()).toBe(true);
  write("dist/index.html", 200);
  expect(stale()).toBe(false);
  write("app/deep/style.css", 300);
  expect(stale()).toBe(true);
  write("dist/index.html", 400);
  write("package-lock.json", 500);
  expect(stale()).toBe(true);
});

it("stays fresh when a test or something else changes", () => {
  write("app/main.ts", 100);
  write("dist/index.html", 200);
  write("app/main.test.ts", 300);
  write("other/file.ts", 300);
  expect(stale()).toBe(false);
});

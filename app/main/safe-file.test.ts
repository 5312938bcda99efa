import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SafeFile } from "./safe-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-safe-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("is absent, written and read", async () => {
  const file = new SafeFile(join(folder, "a.json"));
  expect(await file.read()).toBeUndefined();
  await file.write("one");
  expect(await file.read()).toBe("one");
  // Its owner's alone.
  expect((await stat(join(folder, "a.json"))).mode & 0o077).toBe(0);
});

it("writes in order, and leaves no side file", async () => {
  const file = new SafeFile(join(folder, "a.json"));
  await Promise.all(Array.from({ length: 20 }, (_, n) => file.write(`${n}`)));
  expect(await readFile(join(folder, "a.json"), "utf8")).toBe("19");
  expect(await readdir(folder)).toEqual(["a.json"]);
});

it("keeps the old text where the new one cannot be written, and goes on", async () => {
  const file = new SafeFile(join(folder, "a.json"));
  await file.write("old");
  await mkdir(join(folder, ".a.json.tmp"));
  await expect(file.write("new")).rejects.toThrow("EISDIR");
  expect(await file.read()).toBe("old");
  await rm(join(folder, ".a.json.tmp"), { recursive: true });
  await file.write("newer");
  expect(await file.read()).toBe("newer");
});

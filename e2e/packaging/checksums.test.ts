import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("checksums.ts", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-packages-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("sums up the packages, and only those", async () => {
  await writeFile(join(folder, "Beeline-1.0.0.deb"), "abc");
  await writeFile(join(folder, "builder-debug.yml"), "x");
  await mkdir(join(folder, "linux-unpacked"));
  const { status } = spawnSync(process.execPath, [SCRIPT, folder]);
  expect(status).toBe(0);
  // Of "abc", FIPS 180-2 appendix B.1.
  expect(await readFile(join(folder, `SHA256SUMS-${process.platform}.txt`), "utf8")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  Beeline-1.0.0.deb\n",
  );
});

it("fails where there are none", () => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("npm run package");
});

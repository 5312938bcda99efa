/**
 * Writes `SHA256SUMS-<system>.txt` beside the packages, in the form that `sha256sum --check` reads.
 * @param {string} folder of the packages; `dist/packages` unless named
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What electron-builder leaves beside its packages and nobody downloads. */
const ASIDE = /^(?:builder-.*\.ya?ml|SHA256SUMS-.*)$/;

const [folder = join("dist", "packages")] = process.argv.slice(2);
const entries = await readdir(folder, { withFileTypes: true });
const names = entries
  .filter((entry) => entry.isFile() && !ASIDE.test(entry.name))
  .map(({ name }) => name)
  .toSorted();

if (names.length === 0) {
  process.stderr.write(`No packages in ${folder}: npm run package\n`);
  process.exitCode = 1;
} else {
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256(join(folder, name))}  ${name}\n`);
  const text = lines.join("");
  await writeFile(join(folder, `SHA256SUMS-${process.platform}.txt`), text);
  process.stdout.write(text);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

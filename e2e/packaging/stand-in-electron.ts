/** A folder that looks to electron-builder like Electron's own for Linux; nothing in it runs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Before the fuses in Electron's binary, then their version and their number. */
const FUSE_SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
const FUSE_COUNT = 9;
/** None is set. */
const FUSES = "0".repeat(FUSE_COUNT);

export async function makeStandInElectron(folder: string): Promise<void> {
  await mkdir(join(folder, "locales"), { recursive: true });
  await mkdir(join(folder, "resources"));
  const binary = `stand-in ${FUSE_SENTINEL}\u0001${String.fromCharCode(FUSE_COUNT)}${FUSES} end`;
  await writeFile(join(folder, "electron"), binary, { mode: 0o755 });
  await writeFile(join(folder, "LICENSE"), "Electron's licence");
  for (const language of ["de", "en-US", "zh-CN", "zh-TW"]) {
    await writeFile(join(folder, "locales", `${language}.pak`), language);
  }
}

/** The fuses of a packed program by electron-builder's names; undefined: removed or unknown. */
export function readFuses(binary: Buffer): Record<string, boolean | undefined> {
  const start = binary.indexOf(FUSE_SENTINEL) + FUSE_SENTINEL.length + 2;
  const names = [
    "runAsNode",
    "enableCookieEncryption",
    "enableNodeOptionsEnvironmentVariable",
    "enableNodeCliInspectArguments",
    "enableEmbeddedAsarIntegrityValidation",
    "onlyLoadAppFromAsar",
    "loadBrowserProcessSpecificV8Snapshot",
    "grantFileProtocolExtraPrivileges",
  ];
  const states: Readonly<Record<string, boolean>> = { "0": false, "1": true };
  return Object.fromEntries(
    names.map((name, index) => [name, states[String.fromCharCode(binary[start + index] ?? 0)]]),
  );
}

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;

/**
 * Path of Electron's program, or undefined where its binary is not installed. Its package alone is
 * no sign: the binary comes by a download of its own.
 */
export function findElectron(root: string): string | undefined {
  const folder = join(root, "node_modules", "electron");
  const name = join(folder, "path.txt");
  if (!existsSync(name)) return undefined;
  const program = join(folder, "dist", readFileSync(name, "utf8").trim());
  return existsSync(program) ? program : undefined;
}

/** Tries once to fetch the binary; without the Internet the browser does as well. */
export function fetchElectron(root: string): string | undefined {
  const installer = join(root, "node_modules", "electron", "install.js");
  if (!existsSync(installer)) return undefined;
  process.stdout.write("Fetching Electron, once (about 120 MB); `--browser` goes without …\n");
  spawnSync(process.execPath, [installer], { stdio: "ignore", timeout: DOWNLOAD_TIMEOUT_MS });
  return findElectron(root);
}

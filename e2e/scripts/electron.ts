import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "..", "node_modules", "electron");

/**
 * Path of Electron's binary where it has been downloaded (`npx install-electron`), or where
 * `ELECTRON_OVERRIDE_DIST_PATH` says it is; else undefined.
 */
export function electronBinary(): string | undefined {
  const named = join(folder, "path.txt");
  const name = existsSync(named) ? readFileSync(named, "utf8").trim() : "electron";
  const dist = process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? join(folder, "dist");
  const path = join(dist, name);
  return existsSync(path) ? path : undefined;
}

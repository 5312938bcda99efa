/** The three builds that a package holds, into a folder of one's own. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VITE = join(ROOT, "node_modules", "vite", "bin", "vite.js");
const TIMEOUT_MS = 120_000;

const run = promisify(execFile);

/** @param dist gets `electron/` and `renderer/`, as the repository's own `dist/` */
export async function buildApp(dist: string): Promise<void> {
  await vite("app/renderer", join(dist, "renderer"));
  await vite("app/main", join(dist, "electron"));
  // Into the same folder, which main's build has emptied.
  await vite("app/preload", join(dist, "electron"));
}

async function vite(part: string, outDir: string): Promise<void> {
  const args = [VITE, "build", "--config", join(part, "vite.config.ts"), "--outDir", outDir];
  await run(process.execPath, [...args, "--logLevel", "warn"], { cwd: ROOT, timeout: TIMEOUT_MS });
}

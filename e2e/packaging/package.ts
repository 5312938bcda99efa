/**
 * `npm run package`: builds the app and packs it for the system that it runs on, into `dist/packages`.
 * Further arguments are electron-builder's: `npm run package -- --linux deb`. Says in the end how
 * large the packages are.
 *
 * - `BEELINE_UPDATE_FEED`: https address of the folder from which installed apps are to update
 *   themselves; without it they ask nobody
 * - `CSC_LINK`, `CSC_KEY_PASSWORD`, `APPLE_…`: electron-builder's own, for signing
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { electronBinary } from "../scripts/electron.ts";
import { buildApp } from "./build-app.ts";
import { builderArguments, UnusableFeed } from "./builder-arguments.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILDER = join(ROOT, "node_modules", "electron-builder", "cli.js");

async function main(): Promise<number> {
  if (electronBinary() === undefined) {
    process.stderr.write(
      "npm run package: Electron's binary is not here: `npx install-electron` brings it.\n",
    );
    return 1;
  }
  // A workflow passes secrets that it does not have as empty texts.
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const args = builderArguments(env, process.argv.slice(2), process.platform);
  await buildApp(join(ROOT, "dist"));
  const { status } = spawnSync(process.execPath, [BUILDER, ...args], {
    cwd: ROOT,
    env,
    stdio: "inherit",
  });
  if (status === 0) tellSizes(join(ROOT, "dist", "packages"));
  return status ?? 1;
}

/** What lies in the folder now, and how much there is to download. */
function tellSizes(folder: string): void {
  // Arguments may name another one.
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((known) => known.startsWith("Beeline-"))) {
    const mib = statSync(join(folder, name)).size / 1024 / 1024;
    process.stdout.write(`${mib.toFixed(1).padStart(8)} MiB  ${name}\n`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UnusableFeed)) throw error;
  process.stderr.write(`npm run package: ${error.message}\n`);
  process.exitCode = 1;
}

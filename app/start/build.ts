import { spawnSync } from "node:child_process";
import { isStale } from "./freshness.ts";

const RENDERER_SOURCES = [
  "app/renderer/**/*",
  "app/peer/**/*.ts",
  "shared/**/*.ts",
  "package-lock.json",
];
const SHELL_SOURCES = ["app/main/**/*.ts", "app/preload/**/*.ts", "package-lock.json"];

/** Builds the web client if it is absent or old. @returns whether it is there now */
export function buildRenderer(root: string): boolean {
  return build(root, "build", "dist/renderer/index.html", RENDERER_SOURCES);
}

/** Builds Electron's half of the app if it is absent or old. @returns whether it is there now */
export function buildShell(root: string): boolean {
  return build(root, "build:electron", "dist/electron/preload.cjs", SHELL_SOURCES);
}

function build(root: string, script: string, built: string, sources: readonly string[]): boolean {
  if (!isStale(root, built, sources)) return true;
  process.stdout.write("Building the app, which takes a few seconds …\n");
  const options = { cwd: root, encoding: "utf8", shell: process.platform === "win32" } as const;
  const { status, stdout, stderr, error } = spawnSync("npm", ["run", "--silent", script], options);
  if (status === 0) return true;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}\n`);
  return false;
}

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { bad, good, poor, type Finding } from "./finding.ts";

const MIB = 1024 * 1024;
/** Below this a night of messages or one backup fills the disk. */
const POOR_BYTES = 1024 * MIB;
/** Below this SQLite's journal alone may not fit. */
const BAD_BYTES = 128 * MIB;

export function checkDataFolder({ data }: Settings): readonly Finding[] {
  const folder = resolve(data);
  if (!existsSync(folder)) {
    return isWritable(nearest(folder))
      ? [good(`Data folder: ${folder} will be made at the first start.`)]
      : [bad(`Data folder: ${folder} is missing and cannot be made.`)];
  }
  if (!statSync(folder).isDirectory()) return [bad(`Data folder: ${folder} is not a folder.`)];
  if (!isWritable(folder)) return [bad(`Data folder: ${folder} cannot be written.`)];
  if (process.platform !== "win32" && (statSync(folder).mode & 0o077) !== 0) {
    return [poor(`Data folder: other users can look into ${folder}. Use chmod 700.`)];
  }
  return [good(`Data folder: ${folder} can be written.`)];
}

export function checkDiskSpace({ data }: Settings): readonly Finding[] {
  const { bavail, bsize } = statfsSync(nearest(resolve(data)));
  const free = bavail * bsize;
  const text = `Disk space: ${Math.floor(free / MIB)} MiB free.`;
  return [free < BAD_BYTES ? bad(text) : free < POOR_BYTES ? poor(text) : good(text)];
}

/** The folder itself or the nearest above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    // Whatever the reason, the answer is the same.
    return false;
  }
}

import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Where the client keeps everything: `--data`, else `BEELINE_DATA`, else the platform's place for a
 * program's data (on Linux by the XDG Base Directory Specification).
 */
export function dataFolderOf(option: string | undefined): string {
  const { BEELINE_DATA, XDG_DATA_HOME, APPDATA } = process.env;
  const chosen = option ?? BEELINE_DATA;
  if (chosen !== undefined && chosen !== "") return resolve(chosen);
  if (process.platform === "win32") {
    return join(APPDATA ?? join(homedir(), "AppData", "Roaming"), "Beeline");
  }
  if (process.platform === "darwin") {
    return join(homedir(), "Library", "Application Support", "Beeline");
  }
  // A relative XDG path is to be ignored, by the specification.
  const base = XDG_DATA_HOME?.startsWith("/") ? XDG_DATA_HOME : join(homedir(), ".local", "share");
  return join(base, "beeline");
}

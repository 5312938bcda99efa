import { existsSync, globSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether `built` is absent or older than a source it is made from.
 * @param root what the two are relative to
 * @param sources patterns of files; tests do not count
 */
export function isStale(root: string, built: string, sources: readonly string[]): boolean {
  const target = join(root, built);
  if (!existsSync(target)) return true;
  const made = statSync(target).mtimeMs;
  return globSync(sources, { cwd: root }).some((name) => {
    const file = statSync(join(root, name));
    return file.isFile() && file.mtimeMs > made && !/\.test\.tsx?$/.test(name);
  });
}

/** The text of the policy file, if nobody but an administrator can have written it. */
import { type FileHandle, open, stat } from "node:fs/promises";

/** A policy of all keys has 1 KiB. */
const MAX_BYTES = 64 * 1024;
const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

/** The file is there, and says nothing that can be relied on. */
export class PolicyProblem extends Error {
  override readonly name = "PolicyProblem";
}

/**
 * @param isSystem whether the file must belong to an administrator
 * @returns undefined where there is no such file
 * @throws PolicyProblem where it is too long, or others could have written it
 * @throws Error where it cannot be read
 */
export async function openPolicyFile(
  file: string,
  folder: string,
  isSystem: boolean,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const handle = await openIfPresent(file, "r");
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new PolicyProblem("not a file");
    if (found.size > MAX_BYTES) throw new PolicyProblem(`longer than ${MAX_BYTES} bytes`);
    if (platform !== "win32") {
      requireAdministrators(found, "the file", isSystem);
      requireAdministrators(await stat(folder), "its folder", isSystem);
    } else if (isSystem && (await isWritable(file))) {
      // Node cannot read access control lists; but whoever runs this should not be able to write.
      throw new PolicyProblem("the person at this machine can change it");
    }
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function requireAdministrators(
  found: { readonly mode: number; readonly uid: number },
  what: string,
  isSystem: boolean,
): void {
  const mask = isSystem ? GROUP_MAY_WRITE | OTHERS_MAY_WRITE : OTHERS_MAY_WRITE;
  if ((found.mode & mask) !== 0) throw new PolicyProblem(`others can write ${what}`);
  if (isSystem && found.uid !== 0) throw new PolicyProblem(`${what} does not belong to root`);
}

async function isWritable(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "r+");
    await handle.close();
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EPERM" || code === "EACCES" || code === "EROFS") return false;
    throw error;
  }
}

async function openIfPresent(file: string, flags: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, flags);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

import { readFile, stat } from "node:fs/promises";
import { limits } from "../../shared/protocol/index.ts";
import { CliError, exitCodes } from "./exit-codes.ts";
import { askSecretly, warn } from "./terminal.ts";

/**
 * The password from a file (its first line) or the terminal; never from an argument or the
 * environment, where every process of the machine may read it.
 * @throws CliError usage
 */
export async function readPassword(
  file: string | undefined,
  purpose: "sign-in" | "new-account",
): Promise<string> {
  if (file !== undefined) return checked(await firstLineOf(file));
  const password = await askSecretly("Password: ");
  if (purpose === "new-account" && password !== (await askSecretly("Password again: "))) {
    throw new CliError(exitCodes.usage, "The two passwords differ.");
  }
  return checked(password);
}

/** A secret that stands in a file of its own. @throws CliError usage */
export async function firstLineOf(file: string): Promise<string> {
  let text;
  try {
    text = await readFile(file, "utf8");
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0 && file !== "/dev/stdin") {
      warn(`others may read ${file}: chmod 600 it`);
    }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(exitCodes.usage, `${file} cannot be read: ${detail}.`, { cause });
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  return line;
}

function checked(password: string): string {
  const { MIN_PASSWORD_LENGTH: least, MAX_PASSWORD_LENGTH: most } = limits;
  if (password.length < least || password.length > most) {
    throw new CliError(exitCodes.usage, `A password has ${least} to ${most} characters.`);
  }
  return password;
}

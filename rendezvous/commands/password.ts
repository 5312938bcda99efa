import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import * as v from "valibot";
import { limits, Password } from "../../shared/protocol/index.ts";
import { OperatorError, usageError } from "../config/operator-error.ts";
import type { Surroundings } from "./command.ts";

/**
 * A new password: from `file` (its first line), else asked for twice on the terminal, without echo.
 * Never from an argument, which every user of the machine can read.
 * @throws OperatorError
 */
export async function newPassword(
  file: string | undefined,
  surroundings: Surroundings,
): Promise<string> {
  const password = file === undefined ? await askTwice(surroundings) : fromFile(file);
  if (v.is(Password, password)) return password;
  throw new OperatorError(
    `A password has ${limits.MIN_PASSWORD_LENGTH} to ${limits.MAX_PASSWORD_LENGTH} characters.`,
  );
}

function fromFile(file: string): string {
  try {
    const [line = ""] = readFileSync(file, "utf8").split(/\r?\n/, 1);
    return line;
  } catch (error) {
    throw new OperatorError(`The password file ${file} cannot be read.`, { cause: error });
  }
}

async function askTwice(surroundings: Surroundings): Promise<string> {
  if (surroundings.stdin.isTTY !== true) {
    throw usageError("There is no terminal to ask for the password. Use --password-file FILE.");
  }
  const first = await ask("New password: ", surroundings);
  const second = await ask("Once more: ", surroundings);
  if (first !== second) throw new OperatorError("The two passwords differ. Nothing was changed.");
  return first;
}

function ask(prompt: string, { stdin, stderr }: Surroundings): Promise<string> {
  // readline echoes what is typed to its output; this one shows nothing.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
  stderr.write(prompt);
  return new Promise<string>((resolve, reject) => {
    reader.once("line", resolve);
    reader.once("SIGINT", () => reject(new OperatorError("Nothing was changed.")));
    reader.once("close", () => reject(new OperatorError("Nothing was changed.")));
  }).finally(() => {
    reader.close();
    stderr.write("\n");
  });
}

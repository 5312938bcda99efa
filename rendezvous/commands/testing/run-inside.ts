import { PassThrough } from "node:stream";
import { runCommand } from "../run-command.ts";
import type { Ended } from "./program.ts";

/** Runs a command in this process, with lines to type where it asks for something. */
export async function runInside(
  argv: readonly string[],
  { typed = [] }: { readonly typed?: readonly string[] } = {},
): Promise<Ended> {
  const keyboard = new PassThrough();
  const terminal = typed.length > 0;
  const stdin = Object.assign(keyboard, { isTTY: terminal, setRawMode: () => keyboard });
  const waiting = [...typed];
  const written = { stdout: "", stderr: "" };
  const code = await runCommand(argv, {
    env: {},
    stdin,
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: {
      write(text: string): void {
        written.stderr += text;
        const line = text.endsWith(": ") ? waiting.shift() : undefined;
        if (line !== undefined) setImmediate(() => keyboard.write(line));
      },
    },
  });
  return { code, ...written };
}

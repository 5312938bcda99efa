import { CliError, exitCodes } from "./exit-codes.ts";

/** One line for the person; results of commands, made to be read by programs too. */
export function print(line: string): void {
  process.stdout.write(`${harmless(line)}\n`);
}

/** One line beside the results: errors and warnings. */
export function warn(line: string): void {
  process.stderr.write(`beeline: ${harmless(line)}\n`);
}

/**
 * Names, texts and a server's words come from others: what of them would command the terminal
 * (Unicode category Cc, but for tabs and line breaks) is written as JSON writes it.
 */
export function harmless(text: string): string {
  return text.replaceAll(/(?![\t\n])\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  });
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/**
 * Asks on the terminal and shows nothing of what is typed. Nothing is read where the standard
 * input is no terminal.
 * @throws CliError usage without a terminal, interrupted at Ctrl-C
 */
export async function askSecretly(question: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) {
    throw new CliError(
      exitCodes.usage,
      "There is no terminal to ask for the password: use --password-file FILE.",
    );
  }
  process.stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  try {
    let typed: readonly string[] = [];
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      const characters = Array.from(String(chunk));
      for (const [n, character] of characters.entries()) {
        if (character === "\r" || character === "\n" || character === CTRL_D) {
          // Pasted lines: the next question gets the rest.
          if (n + 1 < characters.length) stdin.unshift(characters.slice(n + 1).join(""));
          return typed.join("");
        }
        if (character === CTRL_C) throw new CliError(exitCodes.interrupted, "Interrupted.");
        const isErase = character === "\u007F" || character === "\b";
        typed = isErase ? typed.slice(0, -1) : [...typed, character];
      }
    }
    throw new CliError(exitCodes.interrupted, "The terminal was closed.");
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stderr.write("\n");
  }
}

/** Everything on the standard input, without the line break at its end. */
export async function readStandardInput(maxLength: number): Promise<string> {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    // One more for the line break; what is longer is refused by its reader.
    if (text.length > maxLength + 2) break;
  }
  return text.replace(/\r?\n$/, "");
}

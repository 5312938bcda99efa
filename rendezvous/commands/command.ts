import { parseArgs } from "node:util";
import { usageError } from "../config/operator-error.ts";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";

/** What a command has of the world around it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Results, for people and scripts. */
  readonly stdout: { write(text: string): unknown };
  /** Prompts. */
  readonly stderr: { write(text: string): unknown };
}

interface OptionConfig {
  readonly type: "string" | "boolean";
}

export interface Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** The options that every command has. */
const COMMON: Readonly<Record<string, OptionConfig>> = {
  data: { type: "string" },
  config: { type: "string" },
};

/** @throws OperatorError for an unknown option or one without its value */
export function parseArguments(
  argv: readonly string[],
  options: Readonly<Record<string, OptionConfig>> = {},
): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...COMMON, ...options },
      allowPositionals: true,
      allowNegative: true,
    });
    return { values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence = ""] = error.message.split(". ");
    throw usageError(`${sentence.replace(/\.$/, "")}. See "beeline-rendezvous help".`, {
      cause: error,
    });
  }
}

export function textOption({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

export function hasOption({ values }: Arguments, name: string): boolean {
  return values[name] === true;
}

/** @throws OperatorError where there are more or fewer than `names` */
export function expectPositionals(
  { positionals }: Arguments,
  ...names: readonly string[]
): readonly string[] {
  const missing = names[positionals.length];
  if (missing !== undefined) {
    throw usageError(`${missing} is missing. See "beeline-rendezvous help".`);
  }
  const extra = positionals[names.length];
  if (extra !== undefined) {
    throw usageError(`"${extra}" is one word too many. See "beeline-rendezvous help".`);
  }
  return positionals;
}

export function settingsOf(args: Arguments, { env }: Surroundings): Settings {
  const file = textOption(args, "config") ?? env["BEELINE_CONFIG"];
  return readSettings({ flags: args.values, env, file });
}

/** Prints rows of text in columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Minutes are enough, and it sorts: `2026-03-01 14:05` in UTC. */
export function timeText(ms: number | undefined): string {
  return ms === undefined ? "never" : new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

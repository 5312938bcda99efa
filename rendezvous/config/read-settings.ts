import { readFileSync } from "node:fs";
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { OperatorError, usageError } from "./operator-error.ts";
import { environmentName, isSettingName, settingInfo, settingNames, Settings } from "./settings.ts";

export interface SettingSources {
  /** By setting name, as `parseArgs` gives them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--config`, else `BEELINE_CONFIG`. */
  readonly file: string | undefined;
}

interface Given {
  readonly value: unknown;
  /** How the operator calls it: `--port`, `BEELINE_PORT`, `port in /etc/beeline.toml`. */
  readonly called: string;
}

/**
 * Reads all settings: a flag goes before the environment, the environment before the file.
 * @throws OperatorError that names the setting and where it was given
 */
export function readSettings({ flags, env, file }: SettingSources): Settings {
  const given = new Map<string, Given>();
  if (file !== undefined) {
    for (const [name, value] of Object.entries(readFile(file))) {
      const called = `${name} in ${file}`;
      if (!isSettingName(name)) throw usageError(`${called}: there is no such setting`);
      given.set(name, { value, called });
    }
  }
  for (const name of settingNames) {
    const variable = environmentName(name);
    if (env[variable] !== undefined) given.set(name, { value: env[variable], called: variable });
  }
  for (const [name, value] of Object.entries(flags)) {
    if (isSettingName(name)) given.set(name, { value, called: `--${name}` });
  }
  return validate(given);
}

function validate(given: ReadonlyMap<string, Given>): Settings {
  const raw = Object.fromEntries(Array.from(given, ([name, { value }]) => [name, value]));
  const result = v.safeParse(Settings, raw, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = issue.path?.[0]?.key;
  if (typeof key !== "string") throw usageError(issue.message);
  const called = given.get(key)?.called ?? key;
  // A secret is not repeated in the error.
  const hidden = isSettingName(key) && settingInfo[key].secret === true;
  const value = hidden ? "" : ` not ${JSON.stringify(raw[key])}`;
  throw usageError(`${called}: expected ${issue.message}${value === "" ? "" : `,${value}`}`);
}

function readFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OperatorError(`The configuration file ${file} cannot be read.`, {
      cause: error,
      exitCode: 2,
    });
  }
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = "not TOML"] = error.message.split("\n");
    throw usageError(`${file}, line ${error.line}: ${reason}`, { cause: error });
  }
}

/** Variables that look like settings and are none: most likely a typing error. */
export function unknownVariables(env: SettingSources["env"]): readonly string[] {
  const known = new Set([...settingNames.map(environmentName), "BEELINE_CONFIG"]);
  // Of the tests and of the client, which may share a machine with the server.
  known.add("BEELINE_CHROMIUM");
  return Object.keys(env).filter((name) => name.startsWith("BEELINE_") && !known.has(name));
}

/** Options for `parseArgs`: a flag for each setting that may have one. */
export function settingOptions(): Record<string, { type: "string" | "boolean" }> {
  const options: Record<string, { type: "string" | "boolean" }> = {
    config: { type: "string" },
  };
  for (const name of settingNames) {
    const { value, secret } = settingInfo[name];
    if (secret !== true) options[name] = { type: value === undefined ? "boolean" : "string" };
  }
  return options;
}

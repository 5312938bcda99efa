import { parseArgs } from "node:util";
import { CliError, exitCodes } from "./exit-codes.ts";

const options = {
  server: { type: "string" },
  user: { type: "string" },
  data: { type: "string" },
  "password-file": { type: "string" },
  "display-name": { type: "string" },
  invite: { type: "string" },
  "forget-device": { type: "boolean" },
  json: { type: "boolean" },
  wait: { type: "string" },
  timeout: { type: "string" },
  "accept-requests": { type: "boolean" },
  "keep-unread": { type: "boolean" },
  files: { type: "string" },
  chat: { type: "string" },
  group: { type: "string" },
  name: { type: "string" },
  description: { type: "string" },
  announcements: { type: "string" },
  "members-invite": { type: "string" },
  expires: { type: "string" },
  end: { type: "boolean" },
  "passphrase-file": { type: "string" },
  "no-lan": { type: "boolean" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

export type OptionName = keyof typeof options;
export type Options = ReturnType<typeof parse>["values"];

interface CommandShape {
  /** Beside those that every command takes. */
  readonly options: readonly OptionName[];
  /** Least and most arguments. */
  readonly takes: readonly [number, number];
}

const everywhere: readonly OptionName[] = ["server", "user", "data", "no-lan", "verbose", "help"];

const commands = {
  register: { options: ["password-file", "display-name", "invite"], takes: [0, 0] },
  login: { options: ["password-file"], takes: [0, 0] },
  logout: { options: ["forget-device"], takes: [0, 0] },
  buddies: { options: ["json"], takes: [0, 2] },
  group: {
    options: ["json", "name", "description", "announcements", "members-invite", "expires", "end"],
    // A group with as many people as there may be.
    takes: [1, 502],
  },
  send: { options: ["group", "wait", "timeout", "json"], takes: [1, 2] },
  "send-file": { options: ["timeout", "json"], takes: [2, 100] },
  listen: { options: ["accept-requests", "keep-unread", "files", "json"], takes: [0, 0] },
  export: { options: ["chat", "passphrase-file", "json"], takes: [1, 1] },
  import: { options: ["passphrase-file", "json"], takes: [1, 1] },
  servers: { options: ["json", "wait"], takes: [0, 0] },
  route: { options: ["json"], takes: [1, 2] },
  doctor: { options: ["json"], takes: [0, 1] },
  help: { options: [], takes: [0, 1] },
} as const satisfies Record<string, CommandShape>;

export type CommandName = keyof typeof commands;

export interface Invocation {
  readonly command: CommandName;
  readonly arguments: readonly string[];
  readonly options: Options;
}

/**
 * What the program was asked for.
 * @throws CliError usage
 */
export function readArguments(argv: readonly string[]): Invocation | "version" {
  const { values, positionals } = parse(argv);
  if (values.version === true) return "version";
  const [name = "help", ...rest] = positionals;
  if (!isCommand(name)) throw usage(`There is no command "${name}".`);
  if (values.help === true) return { command: "help", arguments: [name], options: values };

  const shape: CommandShape = commands[name];
  for (const option of Object.keys(values)) {
    if (![...everywhere, ...shape.options].some((known) => known === option)) {
      throw usage(`"${name}" takes no --${option}.`);
    }
  }
  const [least, most] = shape.takes;
  if (rest.length < least || rest.length > most) {
    throw usage(`"${name}" takes ${most === 0 ? "no arguments" : "other arguments"}.`, name);
  }
  return { command: name, arguments: rest, options: values };
}

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

export function usage(message: string, command?: CommandName): CliError {
  const help = command === undefined ? "beeline help" : `beeline help ${command}`;
  return new CliError(exitCodes.usage, `${message} See: ${help}`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Only the first sentence: the rest tells how to write a positional that begins with a dash.
    const [first] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw usage(`${first}.`);
  }
}

#!/usr/bin/env node
/** The rendezvous server and the commands of its operator: chooses one and gives the exit code. */
import { backupCommand } from "./commands/backup.ts";
import type { Surroundings } from "./commands/command.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { helpText } from "./commands/help.ts";
import { inviteCommand } from "./commands/invite.ts";
import { serveCommand } from "./commands/serve.ts";
import { userCommand } from "./commands/user.ts";
import { readVersion } from "./commands/version.ts";
import { OperatorError, usageError } from "./config/operator-error.ts";
import { StoreError } from "./store/store.ts";

const { env, stdin, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), { env, stdin, stdout, stderr });

async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await choose(argv, surroundings);
    return 0;
  } catch (error) {
    // What the operator can put right is one line; anything else is a mistake of ours.
    if (error instanceof OperatorError || error instanceof StoreError) {
      surroundings.stderr.write(`beeline-rendezvous: ${error.message}\n`);
      return error instanceof OperatorError ? error.exitCode : 1;
    }
    throw error;
  }
}

async function choose(argv: readonly string[], surroundings: Surroundings): Promise<void> {
  const [command, ...rest] = argv;
  if (rest.includes("--help")) return print(helpText(), surroundings);
  switch (command) {
    case "serve":
      return serveCommand(rest, surroundings);
    case "user":
      return userCommand(rest, surroundings);
    case "invite":
      return inviteCommand(rest, surroundings);
    case "backup":
      return backupCommand(rest, surroundings);
    case "doctor":
      return doctorCommand(rest, surroundings);
    case "help":
    case "--help":
    case "-h":
      return print(helpText(), surroundings);
    case "--version":
    case "version":
      return print(`${readVersion()}\n`, surroundings);
    case undefined:
      throw usageError('Which command? See "beeline-rendezvous help".');
    default:
      throw usageError(`There is no command "${command}". See "beeline-rendezvous help".`);
  }
}

function print(text: string, { stdout }: Surroundings): void {
  stdout.write(text);
}

import { OperatorError, usageError } from "../config/operator-error.ts";
import { StoreError } from "../store/store.ts";
import { auditCommand } from "./audit.ts";
import { backupCommand } from "./backup.ts";
import type { Surroundings } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { helpText } from "./help.ts";
import { inviteCommand } from "./invite.ts";
import { serveCommand } from "./serve.ts";
import { userCommand } from "./user.ts";
import { readVersion } from "./version.ts";

/** Runs a command; gives the exit code: 0, 1 for a failure, 2 for a wrong command line. */
export async function runCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
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
    case "audit":
      return auditCommand(rest, surroundings);
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

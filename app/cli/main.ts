#!/usr/bin/env node
import { assertNever } from "../../shared/chatkit/assert-never.ts";
import { isCommand, readArguments, usage, type Invocation } from "./arguments.ts";
import { keepCompiledCode } from "./compile-cache.ts";
import { createContext } from "./context.ts";
import { exitCodes, toCliError, type ExitCode } from "./exit-codes.ts";
import { helpText } from "./help.ts";
import { print, warn } from "./terminal.ts";
import { readVersion } from "./version.ts";

async function main(argv: readonly string[]): Promise<ExitCode> {
  try {
    const invocation = readArguments(argv);
    if (invocation === "version") print(readVersion());
    else await run(invocation);
    return exitCodes.ok;
  } catch (error) {
    const { message, exitCode } = toCliError(error);
    warn(message.replaceAll(/\s*\n\s*/g, " "));
    return exitCode;
  }
}

async function run({ command, arguments: words, options }: Invocation): Promise<void> {
  if (command === "help") {
    const [topic = "help"] = words;
    if (!isCommand(topic)) throw usage(`There is no command "${topic}".`);
    process.stdout.write(helpText(topic));
    return;
  }
  keepCompiledCode();
  const context = await createContext(options);
  // The engine is loaded when a command needs it: help and errors of usage come at once.
  switch (command) {
    case "register":
    case "login":
    case "logout":
      return (await import("./commands/accounts.ts"))[command](context);
    case "buddies":
      return (await import("./commands/buddies.ts")).buddies(context, words);
    case "group":
      return (await import("./commands/group.ts")).group(context, words);
    case "send":
      return (await import("./commands/send.ts")).send(context, words);
    case "send-file":
      return (await import("./commands/send-file.ts")).sendFile(context, words);
    case "listen":
      return (await import("./commands/listen.ts")).listen(context);
    case "export":
      return (await import("./commands/history.ts")).exportHistory(context, words);
    case "import":
      return (await import("./commands/history.ts")).importHistory(context, words);
    case "servers":
      return (await import("./commands/servers.ts")).servers(context);
    case "route":
      return (await import("./commands/route.ts")).route(context, words);
    case "doctor":
      return (await import("./commands/doctor.ts")).doctor(context, words);
    default:
      return assertNever(command);
  }
}

const exitCode = await main(process.argv.slice(2));
// WebRTC's threads would keep the process; what was printed leaves first.
process.stdout.write("", () => process.exit(exitCode));

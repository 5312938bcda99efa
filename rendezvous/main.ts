#!/usr/bin/env node
/** The rendezvous server and the commands of its operator. */
import { runCommand } from "./commands/run-command.ts";

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runCommand(process.argv.slice(2), { env, stdin, stdout, stderr });

/**
 * `npm start`: the server on this machine and the app in front of the user. Ends both on Ctrl-C,
 * SIGTERM and when the terminal closes.
 */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildRenderer, buildShell } from "./build.ts";
import { end, launch, statusOf, whenOrphaned } from "./child.ts";
import { fetchElectron, findElectron } from "./electron.ts";
import { chooseOpening, hasDisplay } from "./opening.ts";
import { readOptions } from "./options.ts";
import { readServerLine } from "./server-log.ts";

const root = join(import.meta.dirname, "..", "..");
const options = readOptions(process.argv.slice(2));
const surroundings = {
  platform: process.platform,
  env: process.env,
  isRoot: process.getuid?.() === 0,
};
const children: ChildProcess[] = [];
let ending = false;

// What takes long comes before the server, while Ctrl-C still ends everything by itself.
const ready = buildRenderer(root);
const opens = options.open && hasDisplay(surroundings);
const electron = ready && opens && !options.browser ? electronProgram() : undefined;
process.exitCode = ready ? await run() : 1;

async function run(): Promise<number> {
  const main = join(root, "rendezvous", "main.ts");
  const server = launch(
    process.execPath,
    [main, ...options.serverArguments],
    ["ignore", "pipe", "inherit"],
  );
  children.push(server);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, endAll);
  whenOrphaned(endAll);
  const ended = statusOf(server);
  if (server.stdout !== null) {
    createInterface({ input: server.stdout }).on("line", (text) => {
      const line = readServerLine(text);
      if (line.kind === "warning") say(line.text);
      if (line.kind === "ready") {
        if (line.link !== undefined) say(`Other machines reach it by ${line.link}`);
        open(line.address);
      }
    });
  }
  const status = await ended;
  if (ending) return 0;
  // Its own line stands above, on standard error.
  say("The server has ended.");
  endAll();
  return status === 0 ? 1 : status;
}

function open(address: string): void {
  const opening = opens
    ? chooseOpening({ ...surroundings, hasElectron: electron !== undefined }, address)
    : ({ kind: "print" } as const);
  say(
    opening.kind === "print"
      ? `Beeline is ready: open ${address} in a browser. Ctrl-C ends it.`
      : `Beeline is ready at ${address} and opens now. Ctrl-C ends it.`,
  );
  if (opening.kind === "electron" && electron !== undefined) {
    show(electron, [root, `--server=${address}`], address);
  }
  if (opening.kind === "browser") show(opening.command, opening.args, address);
}

/** Electron with the app built for it, or undefined where the browser has to do. */
function electronProgram(): string | undefined {
  if (surroundings.isRoot && process.platform === "linux") return undefined;
  const program = findElectron(root) ?? fetchElectron(root);
  return program !== undefined && buildShell(root) ? program : undefined;
}

/** Runs a program that shows the app; the server goes on when it ends. */
function show(command: string, args: readonly string[], address: string): void {
  const child = launch(command, args, "ignore");
  children.push(child);
  void statusOf(child).then((status) => {
    if (status !== 0 && !ending) say(`${command} did not open it: open ${address} in a browser.`);
  });
}

function endAll(): void {
  ending = true;
  for (const child of children) void end(child);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The shell that runs: over the stand-in or on real Electron, with the same built code. */
import { spawn, type ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Electron from "electron";
import { _electron, type Page } from "playwright";
import { HostedApp } from "../electron-host/hosted-app.ts";
import { electronBinary } from "../scripts/electron.ts";
import { watch } from "./watch.ts";

const root = join(import.meta.dirname, "..", "..");
const MAIN = join(root, "dist", "electron", "main.js");
const VERSION = "0.1.0";

export type ShellKind = "electron" | "host";

export interface Start {
  readonly userData: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The whole of what differs between the two. */
export interface Shell extends AsyncDisposable {
  /** The status with which the program ended. */
  readonly ended: Promise<number>;
  /** The pages of the windows that are open. */
  pages(): Promise<readonly Page[]>;
  /** Runs a function in the main process; it sees nothing but its arguments and globals. */
  evaluate(act: (electron: typeof Electron, arg: string) => unknown, arg: string): Promise<unknown>;
  /** Ends the program at once: nobody is asked. */
  kill(): Promise<void>;
}

export async function startShell(kind: ShellKind, start: Start): Promise<Shell> {
  return kind === "host" ? hosted(start) : await real(start);
}

/** Starts the program beside one that runs. @returns the status with which it ended */
export async function startAgain(kind: ShellKind, start: Start): Promise<number> {
  if (kind === "host") return hosted(start).ended;
  const child = spawn(binary(), argumentsOf(start), {
    stdio: "inherit",
    env: { ...process.env, ...start.env },
  });
  return endOf(child);
}

function hosted({ userData, args, env }: Start): Shell {
  const app = HostedApp.start({
    main: MAIN,
    version: VERSION,
    userData,
    args,
    env,
    watch: watch.toString(),
  });
  return {
    ended: app.ended,
    pages: () => app.pages(),
    evaluate: (act, arg) => app.evaluate(act.toString(), arg),
    kill: () => app.kill(),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

async function real(start: Start): Promise<Shell> {
  // Electron loads it before the program, as Playwright's own.
  const watcher = `${start.userData}-watch.cjs`;
  await writeFile(watcher, `(${watch.toString()})(require("electron"));`);
  const app = await _electron.launch({
    executablePath: binary(),
    args: ["-r", watcher, ...argumentsOf(start)],
    env: { ...environment(), ...start.env },
  });
  const child = app.process();
  const ended = endOf(child);
  return {
    ended,
    pages: async () => app.windows(),
    evaluate: (act, arg) => app.evaluate(act, arg),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("exit", (status) => resolve(status ?? -1));
  });
}

function argumentsOf({ userData, args }: Start): string[] {
  // Chromium refuses to start its sandbox as root.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return [...sandbox, MAIN, `--user-data-dir=${userData}`, ...args];
}

function environment(): Record<string, string> {
  const known = Object.entries(process.env).filter((pair) => pair[1] !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key, value ?? ""]));
}

function binary(): string {
  const path = electronBinary();
  if (path === undefined) throw new Error("Electron's binary is not here");
  return path;
}

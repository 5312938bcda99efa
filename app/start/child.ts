import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";

/** How long a program may take to end by itself before it is killed. */
const GRACE_MS = 10_000;
const ORPHAN_CHECK_MS = 500;

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches it once, by `end`, and not
 * a second time from the terminal.
 */
export function launch(
  command: string,
  args: readonly string[],
  stdio: StdioOptions,
): ChildProcess {
  return spawn(command, args, { stdio, detached: process.platform !== "win32" });
}

/**
 * Status of a program once it has ended: 1 where it could not be started, or a signal ended it.
 * To be called in the tick of its start.
 */
export async function statusOf(child: ChildProcess): Promise<number> {
  if (hasEnded(child)) return child.exitCode ?? 1;
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once("error", () => resolve(1));
  child.once("exit", (code) => resolve(code ?? 1));
  return promise;
}

/** Asks a program to end, and makes it after a while. Resolves once it has ended. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
}

/**
 * Calls back once the program that started this one has ended. npm runs scripts by a shell that
 * dies of a SIGTERM without passing it on, which would leave everything running with no terminal.
 */
export function whenOrphaned(callback: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, ORPHAN_CHECK_MS);
  timer.unref();
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

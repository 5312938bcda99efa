/**
 * The process in which the shell's built code runs, unchanged, over the stand-in. Started with
 * `--import resolve-electron.ts`, a line to the windows' owner, and the shell's file and arguments.
 */
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import * as v from "valibot";
import * as electron from "./electron.ts";
import { line } from "./link.ts";

const Asked = v.object({ code: v.string(), arg: v.unknown() });

/** Runs a function that came as text on the stand-in, as Playwright does in a real Electron. */
async function evaluate(value: unknown): Promise<unknown> {
  const { code, arg } = v.parse(Asked, value);
  const run: unknown = runInThisContext(`(${code})`);
  if (typeof run !== "function") throw new TypeError("not a function");
  const result: unknown = await Reflect.apply(run, undefined, [electron, arg]);
  return result;
}

const [node = "", , main = "", ...args] = process.argv;
// As with Electron: the program, what it runs, and what it was given.
process.argv = [node, main, ...args];
line.on("evaluate", evaluate);
// Whoever watches begins before the shell does.
await evaluate(await line.ask("watch"));
await import(pathToFileURL(main).href);

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import * as v from "valibot";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real program to its end, with nothing of this process's environment but its path. */
export async function runProgram(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  return { code: child.exitCode, stdout, stderr };
}

const Ready = v.object({ msg: v.literal("listening"), address: v.string(), port: v.number() });

/** The real server as a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: readonly string[];
  readonly #errors: Promise<string>;

  private constructor(
    child: ChildProcess,
    ready: v.InferOutput<typeof Ready>,
    lines: readonly string[],
    errors: Promise<string>,
  ) {
    this.#child = child;
    this.address = ready.address;
    this.port = ready.port;
    this.#lines = lines;
    this.#errors = errors;
  }

  /** Listens on loopback, at any port. @throws with its standard error where it does not start */
  static async start(
    dataFolder: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const child = spawn(
      process.execPath,
      [MAIN, "serve", "--host", "127.0.0.1", "--port", "0", "--data", dataFolder, ...flags],
      { env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    const errors = text(child.stderr);
    const lines: string[] = [];
    const ready = Promise.withResolvers<v.InferOutput<typeof Ready>>();
    createInterface({ input: child.stdout })
      .on("line", (line) => {
        lines.push(line);
        const entry = v.safeParse(Ready, JSON.parse(line));
        if (entry.success) ready.resolve(entry.output);
      })
      .once("close", () => {
        void errors.then((reason) => ready.reject(new Error(`it did not start: ${reason}`)));
      });
    return new ServerProcess(child, await ready.promise, lines, errors);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("it did not start");
    return this.#child.pid;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#lines.join("\n");
  }

  /** Signals, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<Ended & { readonly signal: NodeJS.Signals | null }> {
    const exited = this.#running ? once(this.#child, "close") : undefined;
    this.#child.kill(signal);
    await exited;
    const { exitCode, signalCode } = this.#child;
    return { code: exitCode, signal: signalCode, stdout: this.log, stderr: await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running) await this.end("SIGKILL");
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { RendezvousProcess } from "./rendezvous-process.ts";

const MAIN = fileURLToPath(new URL("../../app/cli/main.ts", import.meta.url));

const Line = v.looseObject({ event: v.string() });
export type Line = v.InferOutput<typeof Line>;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A server, and people with a data folder each who use the command line. */
export class CliStage implements AsyncDisposable {
  readonly folder: string;
  readonly server: RendezvousProcess;

  private constructor(folder: string, server: RendezvousProcess) {
    this.folder = folder;
    this.server = server;
  }

  static async begin(): Promise<CliStage> {
    const folder = mkdtempSync(join(tmpdir(), "beeline-cli-e2e-"));
    const server = await RendezvousProcess.start(join(folder, "server"));
    for (const [name, password] of [
      ["right", "correct horse battery"],
      ["wrong", "incorrect horse"],
    ] as const) {
      writeFileSync(join(folder, name), `${password}\n`, { mode: 0o600 });
    }
    return new CliStage(folder, server);
  }

  async beeline(user: string, argv: readonly string[], input = ""): Promise<Ended> {
    const child = this.#start(user, argv);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdin.end(input);
    await once(child, "close");
    return { code: child.exitCode, out, err };
  }

  /** What a command prints that has to succeed. @throws Error */
  async succeed(user: string, ...argv: readonly string[]): Promise<string> {
    const { code, out, err } = await this.beeline(user, argv);
    if (code !== 0 || err !== "") throw new Error(`${argv.join(" ")}: ${code} ${err}`);
    return out;
  }

  async register(user: string): Promise<void> {
    const account = ["--server", this.server.address, "--user", user];
    await this.succeed(user, "register", ...account, "--password-file", join(this.folder, "right"));
  }

  async becomeBuddies(a: string, b: string): Promise<void> {
    await this.succeed(a, "buddies", "add", b);
    await this.succeed(b, "buddies", "accept", a);
  }

  listen(user: string, ...flags: readonly string[]): Listening {
    return new Listening(this.#start(user, ["listen", ...flags]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(user: string, argv: readonly string[]): Child {
    return spawn(process.execPath, [MAIN, "--data", join(this.folder, user), ...argv], {
      stdio: ["pipe", "pipe", "pipe"],
    });
  }
}

/** `beeline listen`, read line by line. */
export class Listening implements AsyncDisposable {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  constructor(child: Child) {
    this.#child = child;
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line of which `matches` holds; those before it are passed over. */
  async next(matches: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const result = await this.#lines.next();
      if (result.done === true) throw new Error("listen has ended");
      const line = v.parse(Line, JSON.parse(result.value));
      if (matches(line)) return line;
    }
  }

  /** @returns the exit code */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.stop();
  }
}

export const ofEvent =
  (event: string) =>
  (line: Line): boolean =>
    line.event === event;

export const online = (line: Line): boolean =>
  line.event === "connection" && line["state"] === "online";

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as v from "valibot";

const MAIN = fileURLToPath(new URL("../../rendezvous/main.ts", import.meta.url));

const run = promisify(execFile);

/** The log line by which a server says that it is ready. */
const Ready = v.object({ msg: v.literal("listening"), address: v.string() });

/** Where a server runs, unless on loopback here. */
export interface Place {
  /** Goes before the command, e.g. `["ip", "netns", "exec", "NAME"]`. */
  readonly prefix: readonly string[];
  readonly host: string;
  readonly port: number;
}

const LOOPBACK: Place = { prefix: [], host: "127.0.0.1", port: 0 };

/** The real server in a process of its own, with its data in a folder of the test's. */
export class RendezvousProcess implements AsyncDisposable {
  /** `http://127.0.0.1:PORT` on loopback; the same after a restart. */
  readonly address: string;
  readonly dataFolder: string;
  readonly #flags: readonly string[];
  readonly #place: Place;
  #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    address: string,
    dataFolder: string,
    flags: readonly string[],
    place: Place,
  ) {
    this.#child = child;
    this.address = address;
    this.dataFolder = dataFolder;
    this.#flags = flags;
    this.#place = place;
  }

  /** @param flags more flags of `serve`, e.g. `["--registration", "invite"]` */
  static async start(
    dataFolder: string,
    flags: readonly string[] = [],
    place: Place = LOOPBACK,
  ): Promise<RendezvousProcess> {
    const { child, address } = await launch(dataFolder, place, flags);
    return new RendezvousProcess(child, address, dataFolder, flags, place);
  }

  /** Ends the process, `SIGKILL` without a chance to finish anything. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }

  /** Starts again on the same port and data. */
  async start(): Promise<void> {
    const port = Number(new URL(this.address).port);
    ({ child: this.#child } = await launch(this.dataFolder, { ...this.#place, port }, this.#flags));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGTERM");
  }
}

/** Runs a command of an administrator's beside the server. @returns what it printed */
export async function administer(dataFolder: string, command: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...command, "--data", dataFolder]);
  return stdout;
}

async function launch(
  dataFolder: string,
  { prefix, host, port }: Place,
  flags: readonly string[],
): Promise<{ child: ChildProcess; address: string }> {
  const [program = process.execPath, ...args] = [
    ...[...prefix, process.execPath, MAIN, "serve"],
    ...["--host", host, "--port", String(port), "--data", dataFolder],
    ...["--log-format", "json", ...flags],
  ];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = v.safeParse(Ready, readJson(line));
    if (!ready.success) continue;
    // What it logs from here on nobody reads; an unread pipe would block it.
    child.stdout.resume();
    return { child, address: ready.output.address };
  }
  throw new Error("the rendezvous server did not start");
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

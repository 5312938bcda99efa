import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "./lab.ts";
import { TURN } from "./sites.ts";

const PORT = 3478;
const SECRET = "the lab's own, and no secret";

/** Longer than coturn takes to read its tables and to listen. */
const START_MS = 1_500;

/** coturn on the lab's Internet, with credentials by a secret shared with the server. */
export class TurnServer implements AsyncDisposable {
  /** What the server is started with. */
  readonly flags: readonly string[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, flags: readonly string[]) {
    this.#child = child;
    this.flags = flags;
  }

  static async start(
    lab: Pick<Lab, "on">,
    folder: string,
    transport: "udp" | "tcp",
  ): Promise<TurnServer> {
    const secretFile = join(folder, "turn-secret");
    await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
    const [program, ...args] = [
      ...[...lab.on("turn"), "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls"],
      ...["--log-file=stdout", "--use-auth-secret", `--static-auth-secret=${SECRET}`],
      ...["--realm=beeline.test", `--listening-ip=${TURN}`, `--listening-port=${PORT}`],
      ...[`--relay-ip=${TURN}`, `--pidfile=${join(folder, "turn.pid")}`],
      `--userdb=${join(folder, "turn.db")}`,
    ];
    const child = spawn(program, args, {
      stdio: "ignore",
    });
    const uri = `turn:${TURN}:${PORT}?transport=${transport}`;
    const server = new TurnServer(child, ["--turn-uris", uri, "--turn-secret-file", secretFile]);
    await pause(START_MS);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

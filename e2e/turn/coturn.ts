import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { askStun } from "../../rendezvous/stun/ask-stun.ts";

const START_TRIES = 40;
const TRY_MS = 250;

/** Debian's coturn on loopback, over UDP and TCP, with credentials by a shared secret. */
export class Coturn implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @throws Error where there is no `turnserver`, or it does not start */
  static async start(folder: string, secret: string): Promise<Coturn> {
    const port = await freePort();
    const child = spawn(
      "turnserver",
      [
        ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--simple-log"],
        ...["--use-auth-secret", `--static-auth-secret=${secret}`, "--realm=beeline.test"],
        ...["--listening-ip=127.0.0.1", `--listening-port=${port}`, "--relay-ip=127.0.0.1"],
        ...["--allow-loopback-peers", `--pidfile=${join(folder, "turn.pid")}`],
        `--userdb=${join(folder, "turn.db")}`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    // An unread pipe would block it.
    child.stdout.resume();
    const failed = Promise.withResolvers<never>();
    child.once("error", failed.reject);
    child.once("exit", (code) => failed.reject(new Error(`coturn ended with ${code}`)));
    const coturn = new Coturn(child, port);
    try {
      await Promise.race([coturn.#answers(), failed.promise]);
      return coturn;
    } catch (error) {
      await coturn[Symbol.asyncDispose]();
      throw error;
    }
  }

  uri(transport: "udp" | "tcp"): string {
    return `turn:127.0.0.1:${this.port}?transport=${transport}`;
  }

  /** It listens for TCP first. */
  async #answers(): Promise<void> {
    for (let tries = 0; tries < START_TRIES; tries += 1) {
      if ((await askStun({ address: "127.0.0.1", port: this.port }, TRY_MS)) !== undefined) return;
    }
    throw new Error("coturn does not answer");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new TypeError("not an IP socket");
  return address.port;
}

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Lab } from "./lab.ts";
import { ANY_PORTS } from "./router-rules.ts";
import type { SlowWayOptions } from "./slow-way-wire.ts";
import type { Topology } from "./topology.ts";

const PROGRAM = fileURLToPath(new URL("slow-way-process.ts", import.meta.url));

/**
 * The program on the router that delays what is handed to it. The kernel's own means (netem) is
 * missing in many; and it could not delay the direct way alone.
 */
export class SlowWay implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
  }

  /** @param delayMs one way; also of TCP to the server, where the topology hands that over */
  static async start(
    lab: Pick<Lab, "on">,
    topology: Topology,
    server: string,
    delayMs: number,
  ): Promise<SlowWay> {
    const handover = topology.nodes.find(({ name }) => name === "router")?.router?.handover;
    if (handover === undefined) throw new Error("no router of this topology hands anything over");
    const { between, tcpPort } = handover;
    const options: SlowWayOptions = {
      between: [...between],
      ports: ANY_PORTS,
      delayMs,
      ...(tcpPort === undefined ? {} : { tcp: { to: new URL(server).hostname, port: tcpPort } }),
    };
    const [program = "", ...args] = [
      ...[...lab.on("router"), process.execPath, PROGRAM, JSON.stringify(options)],
    ];
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => undefined);
    const outcome = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    if (!String(outcome[0]).startsWith("ready")) throw new Error("the slow way did not start");
    return new SlowWay(child);
  }

  /** Of UDP, from now on. */
  delay(ms: number): void {
    this.#child.stdin.write(`${ms}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

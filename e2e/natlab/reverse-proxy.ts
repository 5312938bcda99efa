import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ownCertificate, ownCertificateFile } from "../../rendezvous/http/own-certificate.ts";
import type { Lab } from "./lab.ts";
import { SERVER } from "./sites.ts";

const CONFIGURATION = new URL("../../rendezvous/packaging/nginx.conf", import.meta.url);

/** Longer than nginx takes to listen. */
const START_MS = 500;

/** nginx before the server, on the server's machine, as our own configuration has it. */
export class ReverseProxy implements AsyncDisposable {
  /** What the server is started with, on loopback. */
  readonly flags = ["--trust-proxy", "--stun-host", "::"];
  /** Goes before a client's command, so that it trusts the proxy's certificate. */
  readonly clientPrefix: readonly string[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, clientPrefix: readonly string[]) {
    this.#child = child;
    this.clientPrefix = clientPrefix;
  }

  static async start(lab: Pick<Lab, "on">, folder: string): Promise<ReverseProxy> {
    // nginx gives its rights away before it opens its files.
    await chmod(folder, 0o755);
    const certificates = join(folder, "tls");
    await ownCertificate(certificates, [SERVER]);
    const pem = ownCertificateFile(certificates);
    const file = join(folder, "nginx.conf");
    await writeFile(file, await configuration(folder, pem));
    const [program, ...args] = [...lab.on("server"), "nginx", "-c", file, "-p", folder];
    const child = spawn(program, args, { stdio: "ignore" });
    const proxy = new ReverseProxy(child, ["env", `NODE_EXTRA_CA_CERTS=${pem}`]);
    await pause(START_MS);
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

async function configuration(folder: string, pem: string): Promise<string> {
  const ours = await readFile(CONFIGURATION, "utf8");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  return [
    `pid ${join(folder, "nginx.pid")};`,
    "daemon off; master_process off;",
    "error_log stderr warn;",
    "events {}",
    `http { access_log off; ${temporary.join(" ")}`,
    ours.replaceAll(/\/etc\/letsencrypt\S+(?=;)/g, pem),
    "}",
  ].join("\n");
}

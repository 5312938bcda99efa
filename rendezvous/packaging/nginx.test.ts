/** Run by `npm run test:nginx` where nginx is installed; not among the tests of every machine. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { ServerProcess } from "../commands/testing/program.ts";
import { runInside } from "../commands/testing/run-inside.ts";
import { ownCertificate, ownCertificateFile } from "../http/own-certificate.ts";
import { SUBPROTOCOL, WEBSOCKET_PATH } from "../../shared/protocol/index.ts";

const CONFIGURATION = new URL("nginx.conf", import.meta.url);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new TypeError("not an IP socket");
  return address.port;
}

/** Our nginx.conf with the ports and the certificate of this test. */
async function configure(folder: string, to: { http: number; https: number; server: number }) {
  const certificates = join(folder, "tls");
  await ownCertificate(certificates);
  const pem = ownCertificateFile(certificates);
  const ours = (await readFile(CONFIGURATION, "utf8"))
    .replace("server 127.0.0.1:8383;", `server 127.0.0.1:${to.server};`)
    .replaceAll(/listen \[::\].*\n/g, "\n")
    .replace("listen 80;", `listen 127.0.0.1:${to.http};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${to.https} ssl;`)
    .replaceAll(/\/etc\/letsencrypt\S+(?=;)/g, pem);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const whole = [
    `pid ${join(folder, "pid")};`,
    "daemon off; master_process off;",
    "error_log stderr warn;",
    "events {}",
    `http { access_log off; ${temporary.join(" ")}\n${ours}\n}`,
  ];
  const file = join(folder, "nginx.conf");
  await writeFile(file, whole.join("\n"));
  return file;
}

test(
  "behind nginx, as our configuration has it, the page and its WebSocket arrive",
  { timeout: 60_000 },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-nginx-"));
    await chmod(folder.path, 0o755);
    const data = join(folder.path, "data");
    await using server = await ServerProcess.start(data, ["--trust-proxy"]);
    const [http, https] = [await freePort(), await freePort()];
    const file = await configure(folder.path, { http, https, server: server.port });
    execFileSync("nginx", ["-t", "-c", file], { stdio: "pipe" });
    const nginx = spawn("nginx", ["-c", file], { stdio: "ignore" });
    try {
      const redirect = await vi.waitFor(
        () => fetch(`http://127.0.0.1:${http}/x`, { redirect: "manual" }),
        { timeout: 10_000 },
      );
      expect(redirect.status).toBe(301);

      const url = `wss://127.0.0.1:${https}${WEBSOCKET_PATH}`;
      const open = async (origin: string): Promise<WebSocket> => {
        const socket = new WebSocket(url, SUBPROTOCOL, { origin, rejectUnauthorized: false });
        await once(socket, "open");
        return socket;
      };
      const socket = await open(`https://127.0.0.1:${https}`);
      socket.send('{"jsonrpc":"2.0","id":1,"method":"server.info","params":{}}');
      const answer: readonly unknown[] = await once(socket, "message");
      expect(String(answer[0])).toContain('"protocol"');
      socket.terminate();
      await expect(open("https://evil.example")).rejects.toThrow("403");

      // Nobody reads the metrics through the proxy, whatever they claim to be.
      const metrics = await fetch(`http://127.0.0.1:${server.port}/metrics`, {
        headers: { "x-forwarded-for": "127.0.0.1" },
      });
      expect(metrics.status).toBe(404);
      // The link is that of the proxy, whose certificate needs no pin.
      const flags = ["--public-address", "chat.example.org", "--data", data];
      const { stdout } = await runInside(["invite", ...flags]);
      expect(stdout).toContain("https://chat.example.org");
    } finally {
      const ended = once(nginx, "exit");
      nginx.kill("SIGTERM");
      await ended;
    }
  },
);

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { closeCodes, SUBPROTOCOL, WEBSOCKET_PATH } from "../../shared/protocol/index.ts";
import { errorNameOf, newKeys, PASSWORD, TestClient } from "../testing/test-client.ts";
import { fingerprintOf } from "../http/certificate.ts";
import { ownCertificateFile } from "../http/own-certificate.ts";
import { runProgram, ServerProcess, type Ended } from "./testing/program.ts";
import { runInside } from "./testing/run-inside.ts";

const temporary = (): ReturnType<typeof mkdtempDisposable> =>
  mkdtempDisposable(join(tmpdir(), "beeline-serve-"));

function expectOneLine({ code, stderr }: Ended, words: string, exitCode = 1): void {
  expect(stderr).toContain(words);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
  expect(code).toBe(exitCode);
}

describe("running", () => {
  test("it says where it listens, serves health and metrics, and takes people in", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path, ["--name", "Our office"]);
    expect(server.address).toBe(`http://127.0.0.1:${server.port}`);
    const health = await fetch(`${server.address}/healthz`);
    expect(await health.json()).toEqual({ status: "ok", store: "ok" });
    await using ada = await TestClient.register(server.port, "ada");
    expect(ada.session.server).toMatchObject({ name: "Our office", registration: "open" });
    const metrics = await (await fetch(`${server.address}/metrics`)).text();
    expect(metrics).toContain("beeline_connections 1");
    expect(metrics).toContain('beeline_sign_ins_total{way="register",outcome="ok"} 1');
    expect(metrics).toContain("process_cpu_seconds_total");
  });

  test("its settings reach the core and are logged, secrets masked", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.toml");
    await writeFile(file, 'registration = "closed"\nmailbox-quota = "1MiB"\nmetrics = "all"\n');
    const token = "a-token-of-some-length";
    await using server = await ServerProcess.start(
      join(folder.path, "data"),
      ["--config", file, "--devices-per-account", "3"],
      { BEELINE_METRICS_TOKEN: token, BEELINE_PROT: "1" },
    );
    await using client = await TestClient.connect(server.port);
    const info = await client.request("server.info", {});
    expect(info.registration).toBe("closed");
    expect(info.limits).toMatchObject({ mailboxBytes: 1024 * 1024, devicesPerAccount: 3 });
    expect(server.log).toContain('"mailbox-quota":1048576');
    expect(server.log).toContain("BEELINE_PROT is no setting");
    expect(server.log).not.toContain(token);
    expect((await fetch(`${server.address}/metrics`)).status).toBe(404);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${server.address}/metrics`, { headers })).status).toBe(200);
  });

  test("the log has no password, no token and no address of a client", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path);
    await using ada = await TestClient.register(server.port, "ada");
    await using other = await TestClient.connect(server.port);
    await errorNameOf(other.signIn("ada", { password: "not her password" }));
    await errorNameOf(other.resume(newKeys()));
    const { stdout } = await server.end("SIGTERM");
    const key = Buffer.from(ada.keys.publicKey).toString("base64");
    for (const secret of [PASSWORD, "not her password", key, "192.168.1.20"]) {
      expect(stdout).not.toContain(secret);
    }
    expect(stdout).not.toContain("remoteAddress");
  });

  test("over TLS it serves https and wss", async () => {
    await using folder = await temporary();
    const { cert, key } = makeCertificate(folder.path);
    await using server = await ServerProcess.start(join(folder.path, "data"), [
      "--tls-cert",
      cert,
      "--tls-key",
      key,
    ]);
    expect(server.address).toBe(`https://127.0.0.1:${server.port}`);
    const health = await askHttps(`${server.address}/healthz`);
    expect(health.statusCode).toBe(200);
    expect(health.headers["strict-transport-security"]).toContain("max-age=");
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}${WEBSOCKET_PATH}`, SUBPROTOCOL, {
      rejectUnauthorized: false,
    });
    await once(socket, "open");
    socket.terminate();
  });
});

describe("H3 without a certificate", () => {
  test("it has one of its own, and says which", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path, ["--public-address", "192.0.2.5"]);
    const health = await askHttps(`https://127.0.0.1:${server.port}/healthz`);
    expect(health.statusCode).toBe(200);
    // A browser that insists lets nobody go on to a certificate that it does not know.
    expect(health.headers["strict-transport-security"]).toBeUndefined();
    const own = fingerprintOf(await readFile(ownCertificateFile(folder.path)));
    expect(server.log).toContain(`"certificate":"${own}"`);
    expect(server.log).toContain(`"link":"https://192.0.2.5:${server.port}/#pin=${own}"`);
    // What waits for reload is not ended by it.
    process.kill(server.pid, "SIGHUP");
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });

  test("with TLS off there is none", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path, ["--tls", "off"]);
    expect(server.log).not.toContain('"certificate"');
    expect(existsSync(ownCertificateFile(folder.path))).toBe(false);
    await expect(askHttps(`https://127.0.0.1:${server.port}/`)).rejects.toThrow(
      /EPROTO|hang up|ECONNRESET/,
    );
  });
});

describe("ending", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s tells everybody to go on elsewhere and ends within seconds with 0",
    async (signal) => {
      await using folder = await temporary();
      await using server = await ServerProcess.start(folder.path);
      await using ada = await TestClient.register(server.port, "ada");
      // An idle HTTP connection must not hold it up.
      await (await fetch(`${server.address}/healthz`)).text();
      const started = performance.now();
      const ended = await server.end(signal);
      expect(await ada.closed).toBe(closeCodes.goingAway);
      expect(performance.now() - started).toBeLessThan(5000);
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    },
  );

  test("two signals at once, as Ctrl-C in a terminal gives them, still end it well", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path);
    await using ada = await TestClient.register(server.port, "ada");
    const [ended] = await Promise.all([server.end("SIGINT"), server.end("SIGTERM")]);
    expect(await ada.closed).toBe(closeCodes.goingAway);
    expect(ended.code).toBe(0);
  });

  test("a client that does not answer does not hold it up", async () => {
    await using folder = await temporary();
    await using server = await ServerProcess.start(folder.path);
    await using ada = await TestClient.register(server.port, "ada");
    ada.ws.pause();
    const ended = await server.end("SIGTERM");
    expect(ended.code).toBe(0);
    ada.ws.resume();
  });

  test("after kill -9 the next start goes on with the same data", async () => {
    await using folder = await temporary();
    await using first = await ServerProcess.start(folder.path);
    await using ada = await TestClient.register(first.port, "ada");
    await first.end("SIGKILL");
    await using second = await ServerProcess.start(folder.path);
    await using back = await TestClient.connect(second.port);
    await back.resume(ada.keys);
    expect(back.session.profile.userName).toBe("ada");
  });
});

describe("what keeps it from starting is one line and a non-zero exit", () => {
  const serve = (data: string, ...flags: string[]): Promise<Ended> =>
    runProgram(["serve", "--host", "127.0.0.1", "--port", "0", "--data", data, ...flags]);

  test("a port in use", async () => {
    await using folder = await temporary();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = portOf(other.address());
    const ended = await serve(folder.path, "--port", String(port));
    other.close();
    expectOneLine(ended, `Port ${port} is in use.`);
  });

  test("an address that the machine does not have", async () => {
    await using folder = await temporary();
    expectOneLine(await serve(folder.path, "--host", "192.0.2.1"), "no address 192.0.2.1");
  });

  test("a data folder that cannot be written", async () => {
    await using folder = await temporary();
    const blocker = join(folder.path, "file");
    await writeFile(blocker, "");
    expectOneLine(await serve(join(blocker, "data")), "cannot be written");
  });

  test("another server on the data folder", async () => {
    await using folder = await temporary();
    await using first = await ServerProcess.start(folder.path);
    expectOneLine(await serve(folder.path), "Another server is running on the data folder");
    expect((await fetch(`${first.address}/healthz`)).status).toBe(200);
  });

  test("a broken database", async () => {
    await using folder = await temporary();
    await writeFile(join(folder.path, "beeline.db"), Buffer.alloc(8192, "noise"));
    expectOneLine(await serve(folder.path), "is damaged");
  });

  test("a database of a newer version", async () => {
    await using folder = await temporary();
    expect((await runProgram(["invite", "--data", folder.path])).code).toBe(0);
    {
      using db = new DatabaseSync(join(folder.path, "beeline.db"));
      db.exec("INSERT INTO migrations VALUES (99999, 'later', '')");
    }
    expectOneLine(await serve(folder.path), "newer Beeline");
  });

  test.each([
    [["--port", "none"], "--port: expected a whole number"],
    [["--prot", "1"], "--prot"],
    [["--port"], "--port"],
    [["--metrics-token", "0123456789abcdef"], "--metrics-token"],
    [["--config", "/nowhere/beeline.toml"], "/nowhere/beeline.toml"],
    [["--tls-cert", "cert.pem"], "tls-cert and tls-key belong together"],
    [["--tls", "off", "--tls-cert", "c", "--tls-key", "k"], "tls is off although"],
    [["--public-address", "ftp://x"], "--public-address: expected a host"],
    [["--tls-cert", "/nowhere/c.pem", "--tls-key", "/nowhere/k.pem"], "cannot be used"],
    [["now"], '"now" is one word too many'],
  ])("%j", async (flags, words) => {
    await using folder = await temporary();
    const data = join(folder.path, "data");
    expectOneLine(await runInside(["serve", "--data", data, ...flags]), words, 2);
  });
});

/** Asks without trusting anybody. */
async function askHttps(url: string): Promise<IncomingMessage> {
  const answered = Promise.withResolvers<IncomingMessage>();
  request(url, { rejectUnauthorized: false, agent: false }, answered.resolve)
    .on("error", answered.reject)
    .end();
  const response = await answered.promise;
  response.resume();
  return response;
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string") throw new TypeError("not an IP socket");
  return address;
}

function makeCertificate(folder: string): { cert: string; key: string } {
  const cert = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30".split(" "),
      "-subj",
      "/CN=localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
  return { cert, key };
}

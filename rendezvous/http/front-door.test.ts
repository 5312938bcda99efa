import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempDisposable, readFile, stat } from "node:fs/promises";
import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { fingerprintOf } from "./certificate.ts";
import { FrontDoor, type FrontDoorOptions } from "./front-door.ts";
import { isLoopback } from "./loopback.ts";
import { ownCertificate, ownCertificateFile } from "./own-certificate.ts";
import { isEncrypted } from "./request-handler.ts";

interface Running extends AsyncDisposable {
  readonly door: FrontDoor;
  readonly port: number;
  /** Of its certificate. */
  readonly fingerprint: string;
}

async function start(
  options: Omit<FrontDoorOptions, "tls"> & { tls?: boolean } = {},
): Promise<Running> {
  const { tls = true, ...rest } = options;
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-door-"));
  const pair = await ownCertificate(folder.path);
  const door = new FrontDoor({ ...rest, ...(tls ? { tls: pair } : {}) });
  door.http.on("request", (request, response) => {
    void text(request).then((body) =>
      response.end(`${isEncrypted(request) ? "https" : "http"} ${request.url} ${body.length}`),
    );
  });
  const sockets = new WebSocketServer({ noServer: true });
  door.http.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
    });
  });
  const port = await door.listen("::", 0);
  return {
    door,
    port,
    fingerprint: fingerprintOf(pair.cert),
    async [Symbol.asyncDispose]() {
      const closed = door.close();
      door.closeAllConnections();
      await closed;
    },
  };
}

async function ask(
  url: string,
  options: RequestOptions & { body?: string } = {},
): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
  const { body, ...rest } = options;
  const message = url.startsWith("https:")
    ? secureRequest(url, { ...rest, rejectUnauthorized: false, agent: false })
    : plainRequest(url, { ...rest, agent: false });
  message.end(body);
  const answered = Promise.withResolvers<IncomingMessage>();
  message.once("response", answered.resolve).once("error", answered.reject);
  const response = await answered.promise;
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Waits for the end of a connection that the other side has cut. */
async function ended(socket: Socket): Promise<void> {
  socket.on("error", () => undefined).resume();
  await once(socket, "close");
}

test("H1 one port serves https, and http from this machine", async () => {
  await using server = await start();
  const { port } = server;
  expect((await ask(`http://127.0.0.1:${port}/a?b`)).body).toBe("http /a?b 0");
  expect((await ask(`https://127.0.0.1:${port}/a?b`)).body).toBe("https /a?b 0");
  const body = "x".repeat(300_000);
  const post = { method: "POST", body };
  expect((await ask(`http://127.0.0.1:${port}/`, post)).body).toBe("http / 300000");
  expect((await ask(`https://127.0.0.1:${port}/`, post)).body).toBe("https / 300000");
});

test("H1 WebSockets open by wss, and by ws from this machine", async () => {
  await using server = await start();
  for (const scheme of ["ws", "wss"]) {
    const url = `${scheme}://127.0.0.1:${server.port}/`;
    const socket = new WebSocket(url, { rejectUnauthorized: false });
    await once(socket, "open");
    const bytes = Buffer.alloc(200_000, 7);
    socket.send(bytes);
    const echoed: readonly unknown[] = await once(socket, "message");
    expect(echoed[0]).toEqual(bytes);
    socket.terminate();
  }
});

test("H1 plain http from elsewhere is sent to https, and opens no WebSocket", async () => {
  const asked: (string | undefined)[] = [];
  const isOwn = (address: string | undefined): boolean => {
    asked.push(address);
    return false;
  };
  await using server = await start({ isOwn });
  const host = `127.0.0.1:${server.port}`;
  for (const method of ["GET", "HEAD"]) {
    const sent = await ask(`http://${host}/page?x=1`, { method });
    expect(sent.status).toBe(308);
    expect(sent.headers.location).toBe(`https://${host}/page?x=1`);
  }
  const post = await ask(`http://${host}/`, { method: "POST", body: "secret" });
  expect(post.status).toBe(403);
  const forged = await ask(`http://${host}/`, { headers: { host: "evil/\\@x" } });
  expect(forged.status).toBe(403);
  expect(forged.headers.location).toBeUndefined();

  const socket = new WebSocket(`ws://${host}/`);
  const failure: readonly unknown[] = await once(socket, "error");
  expect(String(failure[0])).toContain("426");
  expect((await ask(`https://${host}/`)).body).toBe("https / 0");
  // An IPv4 address as a socket for both families has it.
  expect(new Set(asked)).toEqual(new Set(["::ffff:127.0.0.1"]));
});

test.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::ffff:127.0.0.1", true],
  ["::1", true],
  ["192.0.2.1", false],
  ["::ffff:192.0.2.1", false],
  ["fe80::1%eth0", false],
  ["", false],
  [undefined, false],
])("H1 %s is of this machine: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("H1 with TLS off http is served to all", async () => {
  await using server = await start({ tls: false, isOwn: () => false });
  expect((await ask(`http://127.0.0.1:${server.port}/`)).body).toBe("http / 0");
});

test.each([true, false])(
  "H2 a connection that says nothing, or half a greeting, is cut in time (TLS %s)",
  async (tls) => {
    await using server = await start({ tls, openingMs: 150 });
    const started = performance.now();
    const openings = [
      "",
      "GET / HT",
      "GET / HTTP/1.1\r\nHost: x\r\n",
      ...(tls ? ["\u0016\u0003"] : []),
    ];
    await Promise.all(
      openings.map((opening) => {
        const socket = connect(server.port, "127.0.0.1");
        if (opening !== "") socket.write(opening, "latin1");
        return ended(socket);
      }),
    );
    expect(performance.now() - started).toBeLessThan(3000);
    expect((await ask(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  },
);

test("H2 closing ends connections that have not said yet what they are", async () => {
  const server = await start();
  const silent = connect(server.port, "127.0.0.1");
  await once(silent, "connect");
  const gone = ended(silent);
  await server[Symbol.asyncDispose]();
  await gone;
  expect(silent.destroyed).toBe(true);
});

test("H2 noise and a cut handshake harm nobody else", async () => {
  await using server = await start();
  for (const opening of ["\u0016\u0003\u0001\u0000\u0005noise", "\u0000\u0001 noise\r\n\r\n"]) {
    const socket = connect(server.port, "127.0.0.1");
    socket.end(opening, "latin1");
    await ended(socket);
  }
  expect((await ask(`https://127.0.0.1:${server.port}/`)).status).toBe(200);
});

test("H3 the server's own certificate is made once, for its owner alone, and names this machine", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-door-"));
  const data = join(folder.path, "data");
  // A server and a command that start together end with the same one.
  const [one, two] = await Promise.all([ownCertificate(data, ["chat.test"]), ownCertificate(data)]);
  expect(fingerprintOf(one.cert)).toBe(fingerprintOf(two.cert));
  expect(fingerprintOf((await ownCertificate(data)).cert)).toBe(fingerprintOf(one.cert));
  expect((await stat(ownCertificateFile(data))).mode & 0o777).toBe(0o600);
  const certificate = new X509Certificate(await readFile(ownCertificateFile(data)));
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.publicKey.asymmetricKeyType).toBe("ec");
  const years = (Date.parse(certificate.validTo) - Date.now()) / (365.25 * 86_400_000);
  expect(years).toBeGreaterThan(9.9);
});

test("H4 a renewed certificate is shown to the next connection, without a restart", async () => {
  await using server = await start();
  const shown = async (): Promise<string> => {
    const socket = connectTls({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprintOf(raw);
  };
  expect(await shown()).toBe(server.fingerprint);
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-door-"));
  const next = await ownCertificate(folder.path);
  server.door.renew(next);
  expect(await shown()).toBe(fingerprintOf(next.cert));
});

test("connections that ask for nothing are counted, and one network gets no more of them", async () => {
  const connections = { most: 100, perNetwork: 3 };
  await using server = await start({ connections, isOwn: () => false });
  const open = async (): Promise<Socket> => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  const held = [await open(), await open(), await open()];
  const over = await open();
  await once(over, "close");
  const status = async (): Promise<number | undefined> =>
    (await ask(`http://127.0.0.1:${server.port}/`).catch(() => undefined))?.status;
  expect(await status()).toBeUndefined();
  held[0]?.destroy();
  await expect.poll(status).toBe(308);
  for (const socket of held) socket.destroy();
});

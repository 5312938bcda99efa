import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { Socket, SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { limits, SUBPROTOCOL, TLS_HANDSHAKE_FAILED } from "../../../shared/protocol/index.ts";
import { silentLog } from "./silent-log.ts";
import { createWsConnector } from "./ws-connector.ts";

type Step =
  | { readonly type: "open" }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "binary"; readonly bytes: Uint8Array }
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** Keeps what happens, and lets a test wait for the next of it. */
class Recorder implements SocketHandlers {
  readonly steps: Step[] = [];
  #arrived = Promise.withResolvers<void>();

  onOpen = () => this.#add({ type: "open" });
  onText = (text: string) => this.#add({ type: "text", text });
  onBinary = (bytes: Uint8Array) => this.#add({ type: "binary", bytes });
  onClose = (code: number, reason: string) => this.#add({ type: "close", code, reason });

  #add(step: Step): void {
    this.steps.push(step);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }

  async until(count: number): Promise<readonly Step[]> {
    while (this.steps.length < count) await this.#arrived.promise;
    return this.steps;
  }
}

let server: WebSocketServer;
let url: string;
const connector = createWsConnector(silentLog);

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  await once(server, "listening");
  url = `ws://127.0.0.1:${portOf(server)}/ws`;
});

afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

async function connect(): Promise<{ socket: Socket; recorder: Recorder; far: WebSocket }> {
  const recorder = new Recorder();
  const accepted = Promise.withResolvers<WebSocket>();
  server.once("connection", (far: WebSocket) => accepted.resolve(far));
  const socket = connector.connect(url, SUBPROTOCOL, recorder);
  expect(recorder.steps).toEqual([]);
  const far = await accepted.promise;
  await recorder.until(1);
  return { socket, recorder, far };
}

test("opens with the subprotocol, without compression, and carries text and bytes both ways", async () => {
  const { socket, recorder, far } = await connect();
  expect(far.protocol).toBe(SUBPROTOCOL);
  expect(far.extensions).toBe("");
  const received: unknown[] = [];
  far.on("message", (data: Buffer, isBinary: boolean) => {
    received.push(isBinary ? [...data] : data.toString());
    far.send(data, { binary: isBinary });
  });
  socket.send("\uFEFF{}👋");
  socket.send(new Uint8Array([1, 2, 3]).subarray(1));
  const steps = await recorder.until(3);
  expect(received).toEqual(["\uFEFF{}👋", [2, 3]]);
  expect(steps).toEqual([
    { type: "open" },
    { type: "text", text: "\uFEFF{}👋" },
    { type: "binary", bytes: new Uint8Array([2, 3]) },
  ]);
});

test("tells the code and reason with which the other side closed", async () => {
  const { recorder, far } = await connect();
  far.close(4002, "session ended");
  expect((await recorder.until(2)).at(-1)).toEqual({
    type: "close",
    code: 4002,
    reason: "session ended",
  });
});

test("its own close ends in one onClose, and nothing follows", async () => {
  const { socket, recorder, far } = await connect();
  far.on("close", () => server.emit("far-closed"));
  socket.close(1000, "bye");
  far.send("too late");
  await recorder.until(2);
  socket.close();
  expect(recorder.steps).toEqual([{ type: "open" }, { type: "close", code: 1000, reason: "bye" }]);
});

test("a connection cut without a close frame closes with 1006", async () => {
  const { recorder, far } = await connect();
  far.terminate();
  expect((await recorder.until(2)).at(-1)).toMatchObject({ type: "close", code: 1006 });
});

test("a refused connection closes once with 1006 and says why", async () => {
  const free = await closedPort();
  const recorder = new Recorder();
  connector.connect(`ws://127.0.0.1:${free}`, SUBPROTOCOL, recorder);
  expect(recorder.steps).toEqual([]);
  const steps = await recorder.until(1);
  expect(steps).toHaveLength(1);
  expect(steps[0]).toMatchObject({ type: "close", code: 1006 });
  expect(JSON.stringify(steps)).toContain("ECONNREFUSED");
});

test("an address that is none closes with 1006, after connect has returned", async () => {
  const recorder = new Recorder();
  connector.connect("no url at all", SUBPROTOCOL, recorder);
  expect(recorder.steps).toEqual([]);
  expect((await recorder.until(1))[0]).toMatchObject({ type: "close", code: 1006 });
});

test("closing while it connects ends in one onClose", async () => {
  const recorder = new Recorder();
  const socket = connector.connect(url, SUBPROTOCOL, recorder);
  socket.close();
  expect(recorder.steps).toEqual([]);
  const steps = await recorder.until(1);
  expect(steps).toHaveLength(1);
  expect(steps[0]).toMatchObject({ type: "close", code: 1006 });
});

test("a frame over the limit closes the connection and costs no memory for it", async () => {
  const { recorder, far } = await connect();
  far.send("x".repeat(limits.MAX_TEXT_FRAME_BYTES + 1));
  expect((await recorder.until(2)).at(-1)).toMatchObject({ type: "close", code: 1006 });
});

test("bufferedAmount counts what a receiver that does not read has not taken", async () => {
  const { socket, far } = await connect();
  far.pause();
  const frame = new Uint8Array(64 * 1024);
  for (let n = 0; n < 400; n++) socket.send(frame);
  expect(socket.bufferedAmount).toBeGreaterThan(1024 * 1024);
  far.resume();
});

function portOf(server: WebSocketServer | Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const port = portOf(listener);
  listener.close();
  await once(listener, "close");
  return port;
}

describe("H5 a pinned certificate", () => {
  let secure: WebSocketServer;
  let secureUrl: string;
  let pin: Uint8Array;
  let received = 0;
  let https: HttpsServer;

  beforeEach(async () => {
    const { certificate, key } = testCertificate();
    pin = createHash("sha256").update(new X509Certificate(certificate).raw).digest();
    https = createHttpsServer({ cert: certificate, key });
    received = 0;
    https.on("secureConnection", (socket) =>
      socket.on("data", (data: Buffer) => (received += data.length)),
    );
    secure = new WebSocketServer({ server: https });
    https.listen(0, "127.0.0.1");
    await once(https, "listening");
    secureUrl = `wss://127.0.0.1:${portOf(https)}/ws`;
  });

  afterEach(() => {
    for (const client of secure.clients) client.terminate();
    secure.close();
    https.close();
  });

  const ends = async (target: string, ...pins: Uint8Array[]): Promise<Step | undefined> => {
    const recorder = new Recorder();
    const socket = connector.connect(target, SUBPROTOCOL, recorder, ...pins);
    const [first] = await recorder.until(1);
    socket.close();
    return first;
  };

  test("is trusted although nobody signed it", async () => {
    expect(await ends(secureUrl, pin)).toEqual({ type: "open" });
  });

  test("is not trusted without the pin", async () => {
    expect(await ends(secureUrl)).toMatchObject({ type: "close", code: 1006 });
  });

  test("another one ends it with 1015, before anything was sent", async () => {
    const other = new Uint8Array(pin);
    other[31] = (other[31] ?? 0) ^ 1;
    const end = await ends(secureUrl, other);
    expect(end).toMatchObject({ type: "close", code: TLS_HANDSHAKE_FAILED });
    expect(JSON.stringify(end)).toContain("not the one that the invitation link names");
    expect(received).toBe(0);
  });

  test("a pin of another length is no match", async () => {
    expect(await ends(secureUrl, pin.subarray(0, 16))).toMatchObject({ code: 1015 });
  });

  test("without TLS there is none, and nothing is sent", async () => {
    expect(await ends(url, pin)).toMatchObject({ type: "close", code: 1006 });
  });

  test("closing while it connects ends in one onClose", async () => {
    const recorder = new Recorder();
    connector.connect(secureUrl, SUBPROTOCOL, recorder, pin).close();
    const steps = await recorder.until(1);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ type: "close", code: 1006 });
  });
});

/** By openssl, which signs with the key itself. */
function testCertificate(): { readonly certificate: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "beeline-pin-"));
  try {
    const file = join(folder, "key.pem");
    const certificate = execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
        ...["-subj", "/CN=nobody.example", "-keyout", file],
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    return { certificate, key: readFileSync(file, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

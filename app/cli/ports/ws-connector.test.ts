import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { Socket, SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { limits, SUBPROTOCOL } from "../../../shared/protocol/index.ts";
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

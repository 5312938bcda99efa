import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { createConsoleLog } from "./console-log.ts";
import { webRandom } from "./web-random.ts";
import { webSocketConnector } from "./web-socket-connector.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("random bytes beyond what one call of the browser gives are random to the end", () => {
  const bytes = webRandom.bytes(200_000);
  expect(bytes).toHaveLength(200_000);
  expect(bytes.subarray(-64).some((byte) => byte !== 0)).toBe(true);
  expect(webRandom.bytes(0)).toHaveLength(0);
  expect(webRandom.bytes(16)).not.toEqual(webRandom.bytes(16));
});

test("the console gets what is at the level or above, with its fields", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const info = vi.spyOn(console, "info").mockImplementation(() => undefined);
  const log = createConsoleLog("warn");
  log.info("not this");
  log.warn("this", { code: 7 });
  log.warn("and this");
  expect(info).not.toHaveBeenCalled();
  expect(warn.mock.calls).toEqual([["[beeline] this", { code: 7 }], ["[beeline] and this"]]);
});

// Node has the browser's WebSocket too; the socket contract of `ws` is tested beside that port.
test("a WebSocket carries text and bytes and tells its end once", async () => {
  await using server = echoServer();
  const events: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const handlers: SocketHandlers = {
    onOpen() {
      events.push("open");
      socket.send("hello");
      socket.send(new Uint8Array([9, 1, 2]).subarray(1));
    },
    onText: (text) => events.push(text),
    onBinary(bytes) {
      events.push(bytes);
      socket.close(1000, "done");
    },
    onClose(code) {
      events.push(code);
      closed.resolve();
    },
  };
  const socket = webSocketConnector.connect(await server.url, "beeline.1", handlers);
  expect(events).toEqual([]);
  await closed.promise;
  expect(events).toEqual(["open", "hello", new Uint8Array([1, 2]), 1000]);
});

test("an address that is none closes with 1006, after connect has returned", async () => {
  const closed = Promise.withResolvers<number>();
  const unexpected = () => closed.reject(new Error("opened"));
  webSocketConnector.connect("no url at all", "beeline.1", {
    onOpen: unexpected,
    onText: unexpected,
    onBinary: unexpected,
    onClose: (code) => closed.resolve(code),
  });
  expect(await closed.promise).toBe(1006);
});

function echoServer() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (far) => {
    far.on("message", (data: Buffer, isBinary: boolean) => far.send(data, { binary: isBinary }));
  });
  const url = once(server, "listening").then(() => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `ws://127.0.0.1:${address.port}`;
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

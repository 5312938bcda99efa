import { afterEach, expect, test, vi } from "vitest";
import type { SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { createConsoleLog } from "./console-log.ts";
import { webRandom } from "./web-random.ts";
import { webSocketConnector } from "./web-socket-connector.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
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

/** The browser's interface, driven by the test. */
class ScriptedWebSocket extends EventTarget {
  static last: ScriptedWebSocket | undefined;
  binaryType = "blob";
  readonly sent: unknown[] = [];
  readonly bufferedAmount = 7;
  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    super();
    this.url = url;
    this.protocol = protocol;
    ScriptedWebSocket.last = this;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(code: number, reason: string): void {
    this.dispatchEvent(new CloseEvent("close", { code, reason }));
  }
}

test("a WebSocket carries text and bytes and tells its end once", () => {
  vi.stubGlobal("WebSocket", ScriptedWebSocket);
  const events: unknown[] = [];
  const handlers: SocketHandlers = {
    onOpen: () => events.push("open"),
    onText: (text) => events.push(text),
    onBinary: (bytes) => events.push(bytes),
    onClose: (code, reason) => events.push([code, reason]),
  };
  const socket = webSocketConnector.connect("ws://host/ws", "beeline.1", handlers);
  const far = ScriptedWebSocket.last;
  if (far === undefined) throw new Error("no socket was made");
  expect(far).toMatchObject({
    url: "ws://host/ws",
    protocol: "beeline.1",
    binaryType: "arraybuffer",
  });

  far.dispatchEvent(new Event("open"));
  socket.send("hello");
  socket.send(new Uint8Array([9, 1, 2]).subarray(1));
  expect(far.sent).toEqual(["hello", new Uint8Array([1, 2])]);
  expect(socket.bufferedAmount).toBe(7);

  far.dispatchEvent(new MessageEvent("message", { data: "text" }));
  far.dispatchEvent(new MessageEvent("message", { data: new Uint8Array([3, 4]).buffer }));
  far.dispatchEvent(new Event("error"));
  socket.close(1000, "done");
  expect(events).toEqual(["open", "text", new Uint8Array([3, 4]), [1000, "done"]]);
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

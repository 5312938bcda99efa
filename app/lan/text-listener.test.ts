import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeClock } from "../../shared/chatkit/testing/fake-clock.ts";
import { MemoryLog } from "../../shared/chatkit/testing/test-ports.ts";
import {
  ALL_TEXTS_IN,
  MAX_CONNECTIONS_PER_SOURCE,
  MAX_LAN_TEXT_BYTES,
  SEND_TIMEOUT_MS,
  TEXT_DEADLINE_MS,
  TEXTS_IN,
} from "./limits.ts";
import { NotTaken, sendText } from "./send-text.ts";
import { TextListener } from "./text-listener.ts";

const address = "127.0.0.1";
let clock: FakeClock;
let texts: string[];
let listener: TextListener;

beforeEach(async () => {
  clock = new FakeClock();
  texts = [];
  listener = await TextListener.open({
    address,
    clock,
    log: new MemoryLog(),
    onText: (text) => texts.push(text),
  });
});
afterEach(() => listener.close());

async function dial(): Promise<Socket> {
  const socket = connect({ host: address, port: listener.port });
  // A reset is what some of them are there for.
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  return socket;
}

/** `once` would take the reset for a failure of its own. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function send(text: string): Promise<void> {
  return sendText(clock, { addresses: [address], port: listener.port }, text);
}

test("LAN6 a text over the bound is not taken", async () => {
  const socket = await dial();
  const closed = closing(socket);
  socket.end("x".repeat(MAX_LAN_TEXT_BYTES + 1));
  await closed;
  expect(texts).toEqual([]);
  await send("x".repeat(MAX_LAN_TEXT_BYTES));
  expect(texts).toHaveLength(1);
});

test("LAN6 who brings nothing in time is reset", async () => {
  const socket = await dial();
  socket.write("{");
  await vi.waitUntil(() => clock.pendingTimers > 0);
  const closed = closing(socket);
  await clock.advance(TEXT_DEADLINE_MS);
  await closed;
  expect(texts).toEqual([]);
});

test("LAN6 one address has few connections at a time", async () => {
  const idle = await Promise.all(Array.from({ length: MAX_CONNECTIONS_PER_SOURCE }, dial));
  await vi.waitUntil(() => clock.pendingTimers === MAX_CONNECTIONS_PER_SOURCE);
  await expect(send("one too many")).rejects.toThrow(NotTaken);
  idle[0]?.destroy();
  await vi.waitUntil(() => clock.pendingTimers === MAX_CONNECTIONS_PER_SOURCE - 1);
  await send("room again");
  expect(texts).toEqual(["room again"]);
});

test("LAN6 one address brings so many texts and no more", async () => {
  for (let n = 0; n < TEXTS_IN.burst; n++) await send("x");
  await expect(send("one too many")).rejects.toThrow(NotTaken);
  await clock.advance(1_000);
  await send("a second later");
  expect(texts).toHaveLength(TEXTS_IN.burst + 1);
});

test("LAN6 many addresses together bring so many texts and no more", async () => {
  const sendFrom = async (localAddress: string): Promise<void> => {
    const socket = connect({ host: address, port: listener.port, localAddress });
    socket.on("error", () => undefined);
    socket.resume();
    socket.end("x");
    await closing(socket);
  };
  const addresses = ALL_TEXTS_IN.burst / TEXTS_IN.burst;
  for (let n = 1; n <= addresses; n++) {
    for (let text = 0; text < TEXTS_IN.burst; text++) await sendFrom(`127.0.0.${n}`);
  }
  expect(texts).toHaveLength(ALL_TEXTS_IN.burst);
  await sendFrom(`127.0.0.${addresses + 1}`);
  expect(texts).toHaveLength(ALL_TEXTS_IN.burst);
  await clock.advance(1_000);
  await sendFrom(`127.0.0.${addresses + 1}`);
  expect(texts).toHaveLength(ALL_TEXTS_IN.burst + 1);
});

test("LAN4 the next address is tried where one does not take it", async () => {
  const { port } = listener;
  // Nobody listens on the second loopback address.
  await sendText(clock, { addresses: ["127.0.0.2", address], port }, "found");
  expect(texts).toEqual(["found"]);
});

test("an address that does not answer is given up in time", async () => {
  listener.close();
  const silent = await TextListener.open({
    address,
    clock: new FakeClock(),
    log: new MemoryLog(),
    onText: () => undefined,
  });
  const blackHole = vi.fn<() => void>();
  const sending = sendText(clock, { addresses: ["192.0.2.1"], port: silent.port }, "x");
  sending.catch(blackHole);
  await vi.waitUntil(() => clock.pendingTimers > 0);
  await clock.advance(SEND_TIMEOUT_MS);
  await expect(sending).rejects.toThrow(NotTaken);
  silent.close();
});

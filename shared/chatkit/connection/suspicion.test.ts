import { afterEach, beforeEach, expect, test } from "vitest";
import { limits } from "../../protocol/index.ts";
import { LATE_TIMER_MS, RECONNECT_MIN_MS, REQUEST_TIMEOUT_MS } from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { rejection } from "../testing/rejection.ts";
import { ScriptedServer } from "../testing/scripted-server.ts";
import { MemoryLog, seededRandom, testHello } from "../testing/test-ports.ts";
import { deviceIdOf } from "../testing/test-ids.ts";
import { Connection } from "./connection.ts";
import { PING_TIMEOUT_MS, SUSPECT_TIMEOUT_MS } from "./heartbeat.ts";
import { SLOW_ANSWER_MS } from "./rpc-socket.ts";

let clock: FakeClock;
let server: ScriptedServer;
let connection: Connection;
/** How much later than asked timers fire that are set from now on. */
let late: number;

beforeEach(async () => {
  clock = new FakeClock();
  server = new ScriptedServer(clock);
  late = 0;
  connection = new Connection({
    url: "ws://test/ws",
    ports: {
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimer: (callback, ms) => clock.setTimer(callback, ms + late),
      },
      random: seededRandom(7),
      sockets: server.sockets,
      log: new MemoryLog(),
    },
    hello: testHello(),
  });
  server.grant(1);
  connection.resume();
  await flushMicrotasks();
  expect(connection.state.state).toBe("online");
  // The sign-in's own frames have left.
  await clock.advance(1_000);
});

afterEach(async () => {
  const closing = connection.close();
  await clock.advance(5_000);
  await closing;
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the connection");
});

function socket(): (typeof server.sockets.connections)[number] {
  const newest = server.sockets.connections.at(-1);
  if (newest === undefined) throw new Error("no connection");
  return newest;
}

const isOnline = (): boolean => connection.state.state === "online";

test("L12: a request without an answer makes it ask for a sign of life, soon", async () => {
  socket().silence();
  const lost = rejection(connection.request("server.info", {}));
  await clock.advance(SLOW_ANSWER_MS + SUSPECT_TIMEOUT_MS - 1);
  expect(isOnline()).toBe(true);
  await clock.advance(1);
  expect(isOnline()).toBe(false);
  expect(await lost).toMatchObject({ reason: "server-unreachable" });
});

test("L12: a server that is slow with one answer and lives is asked nothing", async () => {
  server.script("roster.get", () => "never");
  const lost = rejection(connection.request("roster.get", {}));
  for (let n = 0; n < 4; n += 1) {
    await clock.advance(SLOW_ANSWER_MS - 1);
    server.clients.get(deviceIdOf(1))?.event("mailbox.arrived", { count: 0 });
    await flushMicrotasks();
  }
  expect(server.count("session.ping")).toBe(0);
  expect(isOnline()).toBe(true);
  await clock.advance(REQUEST_TIMEOUT_MS);
  expect(await lost).toMatchObject({ reason: "server-unreachable" });
});

test("L12: a slow answer alone costs a ping for each of its pauses, and no more", async () => {
  server.script("roster.get", () => "never");
  const lost = rejection(connection.request("roster.get", {}));
  await clock.advance(4 * SLOW_ANSWER_MS);
  expect(server.count("session.ping")).toBeLessThanOrEqual(4);
  expect(isOnline()).toBe(true);
  await clock.advance(SLOW_ANSWER_MS);
  await lost;
});

test("L12: others' evidence makes it ask at once, and not wait long", async () => {
  connection.suspect();
  await clock.advance(PING_TIMEOUT_MS);
  expect(server.count("session.ping")).toBe(1);
  expect(isOnline()).toBe(true);
  socket().silence();
  connection.suspect();
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS - 1);
  expect(isOnline()).toBe(true);
  await clock.advance(1);
  expect(isOnline()).toBe(false);
});

test("L12: evidence makes the judgement of a ping that is under way come sooner, never later", async () => {
  socket().silence();
  connection.reconnectNow();
  await clock.advance(1_000);
  connection.suspect();
  await clock.advance(1_000);
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS - 1_000);
  expect(isOnline()).toBe(false);
});

test("L12: an answer to an older question is none to a new one", async () => {
  connection.suspect();
  await clock.advance(1_000);
  socket().silence();
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS);
  expect(isOnline()).toBe(false);
});

test("L12: any frame is a sign of life", async () => {
  server.script("session.ping", () => "never");
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS - 1);
  server.clients.get(deviceIdOf(1))?.event("mailbox.arrived", { count: 0 });
  await clock.advance(2);
  expect(isOnline()).toBe(true);
});

test.each([
  ["a slow uplink has time for what was just sent", 128 * 1024, SUSPECT_TIMEOUT_MS + 2048],
  ["and not more than a patient ping", 4 * 1024 * 1024, PING_TIMEOUT_MS],
])("L12: %s", async (_, bytes, expected) => {
  for (let sent = 0; sent < bytes; sent += 64 * 1024) {
    connection.sendChannelData(1, new Uint8Array(64 * 1024));
  }
  socket().silence();
  connection.suspect();
  await clock.advance(expected - 1);
  expect(isOnline()).toBe(true);
  await clock.advance(2);
  expect(isOnline()).toBe(false);
});

test("L12: what was sent long ago has left", async () => {
  connection.sendChannelData(1, new Uint8Array(64 * 1024));
  await clock.advance(1_024);
  socket().silence();
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS);
  expect(isOnline()).toBe(false);
});

test("L12: a buffer that drains is a sign of life, for a while", async () => {
  socket().hold();
  connection.sendChannelData(1, new Uint8Array(1_000));
  await clock.advance(1_000);
  connection.suspect();
  socket().silence();
  await clock.advance(SUSPECT_TIMEOUT_MS - 1);
  socket().release();
  await clock.advance(SUSPECT_TIMEOUT_MS);
  expect(isOnline()).toBe(true);
  await clock.advance(1);
  expect(isOnline()).toBe(false);
});

test("L12: a machine that was held up reads first and judges then", async () => {
  server.script("session.ping", () => "never");
  late = LATE_TIMER_MS + 1;
  connection.suspect();
  late = 0;
  await clock.advance(SUSPECT_TIMEOUT_MS + LATE_TIMER_MS + 1);
  expect(isOnline()).toBe(true);
  // What had waited in the socket.
  server.clients.get(deviceIdOf(1))?.event("mailbox.arrived", { count: 0 });
  await clock.advance(LATE_TIMER_MS);
  expect(isOnline()).toBe(true);

  socket().silence();
  late = LATE_TIMER_MS + 1;
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS + 3 * LATE_TIMER_MS + 2);
  expect(isOnline()).toBe(false);
});

test("L13: with other addresses an open connection is asked whether it lives", async () => {
  socket().silence();
  connection.networkChanged();
  await clock.advance(SUSPECT_TIMEOUT_MS);
  expect(isOnline()).toBe(false);
});

test("L13: with other addresses what waits tries at once", async () => {
  server.sockets.admission = "refuse";
  socket().silence();
  connection.suspect();
  await clock.advance(60_000);
  expect(connection.state.state).toBe("waiting");
  server.sockets.admission = "accept";
  connection.networkChanged();
  await flushMicrotasks();
  expect(isOnline()).toBe(true);
});

test("L13: with other addresses an attempt that hangs on an old one begins anew", async () => {
  socket().silence();
  connection.suspect();
  await clock.advance(SUSPECT_TIMEOUT_MS);
  server.sockets.admission = "hang";
  await clock.advance(2 * RECONNECT_MIN_MS);
  expect(connection.state.state).toBe("connecting");
  const { length } = server.sockets.connections;
  server.sockets.admission = "accept";
  connection.networkChanged();
  await flushMicrotasks();
  expect(server.sockets.connections).toHaveLength(length + 1);
  expect(isOnline()).toBe(true);
});

test("L12: a connection that is idle is asked only now and then", async () => {
  await clock.advance(2 * limits.HEARTBEAT_MS + PING_TIMEOUT_MS);
  expect(server.count("session.ping")).toBe(2);
});

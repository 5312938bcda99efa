import { expect, test } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import { CONNECT_TIMEOUT_MS } from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { rejection } from "../testing/rejection.ts";
import { ScriptedServer } from "../testing/scripted-server.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { serverInfo } from "./server-info.ts";

function stage(): { clock: FakeClock; server: ScriptedServer; ask: () => Promise<unknown> } {
  const clock = new FakeClock();
  const server = new ScriptedServer(clock);
  const ports = { clock, log: new MemoryLog(), sockets: server.sockets };
  return { clock, server, ask: () => serverInfo("ws://test/ws", ports) };
}

test("asks without signing in and leaves nothing behind", async () => {
  const { clock, server, ask } = stage();
  await expect(ask()).resolves.toEqual(server.info());
  await flushMicrotasks();
  expect(server.requests.map((request) => request.method)).toEqual(["server.info"]);
  expect(server.sockets.connections.map((socket) => socket.open)).toEqual([false]);
  expect(clock.pendingTimers).toBe(0);
});

test("tells a refusal by its name", async () => {
  const { server, ask } = stage();
  server.script("server.info", () => {
    throw new ProtocolError("rate-limited", "later");
  });
  await expect(ask()).rejects.toMatchObject({ errorName: "rate-limited" });
});

test("a server that is not there, or says nothing, is unreachable", async () => {
  const { clock, server, ask } = stage();
  server.sockets.admission = "refuse";
  await expect(ask()).rejects.toMatchObject({ reason: "server-unreachable" });
  server.sockets.admission = "hang";
  const silent = rejection(ask());
  await clock.advance(CONNECT_TIMEOUT_MS);
  expect(await silent).toMatchObject({ reason: "server-unreachable" });
  expect(clock.pendingTimers).toBe(0);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { closeCodes, ProtocolError, type IceServers } from "../../protocol/index.ts";
import { Connection } from "../connection/connection.ts";
import { ICE_RETRY_MIN_MS } from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { ScriptedServer } from "../testing/scripted-server.ts";
import { MemoryLog, seededRandom, testHello } from "../testing/test-ports.ts";
import { IceServerBook } from "./ice-server-book.ts";

const TTL_MS = 3_600_000;

let clock: FakeClock;
let server: ScriptedServer;
let connection: Connection;
let log: MemoryLog;
let book: IceServerBook;

beforeEach(() => {
  clock = new FakeClock();
  server = new ScriptedServer(clock);
  server.grant(1);
  log = new MemoryLog();
  const ports = { clock, log, random: seededRandom(1), sockets: server.sockets };
  connection = new Connection({ url: "ws://test/ws", ports, hello: testHello(1) });
  book = new IceServerBook({ connection, ports, host: "chat.example.org" });
});

afterEach(async () => {
  book.close();
  await connection.close();
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the book");
});

function offer(n: number): IceServers {
  const turn = { uris: ["turn:turn.example.org"], username: `${n}:ada`, credential: `secret${n}` };
  return { stunPort: 8383, turn, ttlMs: TTL_MS };
}

const STUN = { urls: ["stun:chat.example.org:8383"] };

function turn(n: number) {
  return { urls: ["turn:turn.example.org"], username: `${n}:ada`, credential: `secret${n}` };
}

async function begin(ice?: IceServers): Promise<void> {
  server.ice = ice;
  connection.resume();
  await flushMicrotasks();
  expect(connection.state.state).toBe("online");
}

test("N6 before a session, and with a server that offers nothing, there are none", async () => {
  expect(book.servers).toEqual([]);
  await begin();
  expect(book.servers).toEqual([]);
  await clock.advance(TTL_MS);
  expect(server.count("ice.servers")).toBe(0);
});

test("N1 STUN is asked where the client has reached the server", async () => {
  await begin({ stunPort: 8383, ttlMs: TTL_MS });
  expect(book.servers).toEqual([STUN]);
});

test("N7 a session begins with its servers; they are renewed at half their life", async () => {
  let renewals = 1;
  server.script("ice.servers", () => offer((renewals += 1)));
  await begin(offer(1));
  expect(book.servers).toEqual([STUN, turn(1)]);
  await clock.advance(TTL_MS / 2 - 1);
  expect(server.count("ice.servers")).toBe(0);
  await clock.advance(1);
  expect(book.servers).toEqual([STUN, turn(2)]);
  await clock.advance(TTL_MS / 2);
  expect(book.servers).toEqual([STUN, turn(3)]);
});

test("N7 a refused renewal is tried again; what has expired is not used", async () => {
  let isRefused = true;
  server.script("ice.servers", () => {
    if (isRefused) throw new ProtocolError("internal", "not now");
    return offer(2);
  });
  await begin(offer(1));
  await clock.advance(TTL_MS - 1);
  expect(book.servers).toEqual([STUN, turn(1)]);
  const tries = server.count("ice.servers");
  expect(tries).toBeGreaterThan(2);
  expect(tries).toBeLessThan(20);
  await clock.advance(1);
  expect(book.servers).toEqual([STUN]);
  isRefused = false;
  await clock.advance(ICE_RETRY_MIN_MS);
  expect(book.servers).toEqual([STUN, turn(2)]);
  // Credentials are nobody's to read.
  expect(JSON.stringify(log.entries)).not.toContain("secret");
});

test("N7 a lost connection asks nobody; the next session brings new ones", async () => {
  await begin(offer(1));
  server.ice = offer(2);
  server.lastEnd?.close(closeCodes.goingAway, "");
  await flushMicrotasks();
  expect(book.servers).toEqual([STUN, turn(1)]);
  await clock.advance(TTL_MS / 4);
  expect(connection.state.state).toBe("online");
  expect(book.servers).toEqual([STUN, turn(2)]);
  expect(server.count("ice.servers")).toBe(0);
});

test("N7 a renewal that falls into a loss is left to the next session", async () => {
  await begin(offer(1));
  server.sockets.admission = "refuse";
  server.lastEnd?.close(closeCodes.goingAway, "");
  await clock.advance(TTL_MS);
  const failures = log.entries.filter(({ message }) => message.includes("not renewed"));
  expect(failures).toHaveLength(1);
  expect(book.servers).toEqual([STUN]);
});

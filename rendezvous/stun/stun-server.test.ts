import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import { OperatorError } from "../config/operator-error.ts";
import type { StunOutcome } from "../metrics.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { askStun } from "./ask-stun.ts";
import { BINDING_REQUEST, decodeStun, encodeStun } from "./stun-message.ts";
import { StunServer, type StunServerOptions } from "./stun-server.ts";

const log = pino({ level: "silent" });
const REQUEST = encodeStun({
  type: BINDING_REQUEST,
  transactionId: new Uint8Array(12),
  attributes: [],
  hasFingerprint: false,
});
const PATIENCE_MS = 5_000;

/** A client's socket on loopback, and what was counted. */
class Client implements AsyncDisposable {
  readonly socket: Socket = createSocket("udp4");
  readonly #server: StunServer;

  constructor(server: StunServer) {
    this.#server = server;
  }

  send(bytes: Uint8Array): void {
    this.socket.send(bytes, this.#server.port, "127.0.0.1");
  }

  async answer(): Promise<Buffer> {
    const heard: readonly unknown[] = await once(this.socket, "message");
    if (!Buffer.isBuffer(heard[0])) throw new TypeError("no datagram");
    return heard[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}

function counted(): StunServerOptions & { readonly outcomes: StunOutcome[]; clock: FakeClock } {
  const outcomes: StunOutcome[] = [];
  const metrics = { stun: (outcome: StunOutcome) => void outcomes.push(outcome) };
  return { clock: new FakeClock(), log, metrics, outcomes };
}

test("N1 one socket tells IPv4 and IPv6 clients their addresses", async () => {
  const options = counted();
  await using server = await StunServer.listen("::", 0, options);
  const { port } = server;
  expect(await askStun({ address: "127.0.0.1", port }, PATIENCE_MS)).toMatchObject({
    address: "127.0.0.1",
  });
  expect(await askStun({ address: "::1", port }, PATIENCE_MS)).toMatchObject({ address: "::1" });
  expect(options.outcomes).toEqual(["answered", "answered"]);
});

test("the port that a client is told is its own", async () => {
  await using server = await StunServer.listen("127.0.0.1", 0, counted());
  await using client = new Client(server);
  client.send(REQUEST);
  const answer = decodeStun(await client.answer());
  const { port } = client.socket.address();
  const [, , high = 0, low = 0] = answer?.attributes[0]?.value ?? [];
  expect(((high << 8) | low) ^ 0x2112).toBe(port);
});

test("N2 what is no request gets silence, and those after it their answers", async () => {
  const options = counted();
  await using server = await StunServer.listen("127.0.0.1", 0, options);
  await using client = new Client(server);
  const nonsense = [new Uint8Array(), new Uint8Array(1400), Buffer.from("GET / HTTP/1.1")];
  for (const bytes of nonsense) client.send(bytes);
  client.send(REQUEST);
  expect(decodeStun(await client.answer())).toBeDefined();
  expect(options.outcomes).toEqual(["ignored", "ignored", "ignored", "answered"]);
});

test("N4 a source gets no more answers than its share, and more with time", async () => {
  const options = counted();
  const rate = { burst: 2, perSecond: 1 };
  await using server = await StunServer.listen("127.0.0.1", 0, { ...options, rate });
  await using client = new Client(server);
  // Its answer tells that what was sent before it was dealt with.
  const other = { address: "127.0.0.1", port: server.port };
  for (let sent = 0; sent < 5; sent++) client.send(REQUEST);
  // Another port of the same address has no share of its own.
  expect(await askStun(other, 300)).toBeUndefined();
  expect(options.outcomes.slice(0, 5)).toEqual([
    "answered",
    "answered",
    "limited",
    "limited",
    "limited",
  ]);
  options.clock.advance(1000);
  expect(await askStun(other, PATIENCE_MS)).toBeDefined();
});

test("a port that is taken is told, and how to go on", async () => {
  await using server = await StunServer.listen("127.0.0.1", 0, counted());
  const second = StunServer.listen("127.0.0.1", server.port, counted());
  await expect(second).rejects.toThrow(OperatorError);
  await expect(second).rejects.toThrow("--stun-port");
  await expect(StunServer.listen("192.0.2.1", 0, counted())).rejects.toThrow(OperatorError);
});

test("it ends twice, and the port is free", async () => {
  const server = await StunServer.listen("127.0.0.1", 0, counted());
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await using again = await StunServer.listen("127.0.0.1", port, counted());
  expect(again.port).toBe(port);
  expect(await askStun({ address: "127.0.0.1", port: 9 }, 50)).toBeUndefined();
});

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { closeCodes, limits, type ErrorName } from "../../shared/protocol/index.ts";
import { TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

/** Lets sockets and microtasks do what they can, without waiting for time. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("malformed frames get a typed error each", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  const frames: [string, ErrorName][] = [
    ["", "parse-error"],
    ["{", "parse-error"],
    ["\0\u{1f41d}", "parse-error"],
    ["null", "invalid-request"],
    ["[]", "invalid-request"],
    ['[{"jsonrpc":"2.0","id":1,"method":"server.info"}]', "invalid-request"],
    ['{"jsonrpc":"1.0","id":1,"method":"server.info"}', "invalid-request"],
    ['{"jsonrpc":"2.0","id":"1","method":"server.info"}', "invalid-request"],
    ['{"jsonrpc":"2.0","id":-1,"method":"server.info"}', "invalid-request"],
    ['{"jsonrpc":"2.0","id":1e99,"method":"server.info"}', "invalid-request"],
    ['{"jsonrpc":"2.0","method":"server.info"}', "invalid-request"],
    [`{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(65)}"}`, "invalid-request"],
  ];
  for (const [frame, expected] of frames) {
    client.ws.send(frame);
    expect((await client.error()).errorName, frame).toBe(expected);
  }
  // Still fewer than it takes to be closed.
  await client.request("server.info", {});
});

test("unknown methods, wrong types and what needs a sign-in are refused", async () => {
  await using server = await startTestServer();
  const client = await server.connect();
  for (const method of ["no.such", "__proto__", "constructor", "toString", ""]) {
    expect(await client.refusal(method, {})).toBe("unknown-method");
  }
  for (const params of [null, [], 1, "x", { device: 7 }, { device: {} }]) {
    expect(await client.refusal("session.prove", params)).toBe("invalid-params");
  }
  expect(await client.refusal("roster.get", {})).toBe("not-signed-in");
  expect(await client.refusal("mailbox.fetch", { after: "all" })).toBe("not-signed-in");
  await client.request("server.info", {});
});

test("repeated offences close the connection, and no other", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const bad = await server.connect();
  for (let count = 0; count <= limits.MAX_OFFENCES; count++) bad.ws.send("nonsense");
  expect(await bad.closed).toBe(closeCodes.protocolViolation);
  await ada.request("session.ping", {});
});

test("text and binary frames over their limits close the connection, and no other", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  // The largest that is permitted goes through.
  ada.sendChannelData(channel, Buffer.alloc(limits.MAX_BINARY_FRAME_BYTES - 2));
  expect((await bob.channelData()).payload).toHaveLength(limits.MAX_BINARY_FRAME_BYTES - 2);
  ada.sendChannelData(channel, Buffer.alloc(limits.MAX_BINARY_FRAME_BYTES - 1));
  expect(await ada.closed).toBe(closeCodes.messageTooBig);
  eve.ws.send("x".repeat(limits.MAX_TEXT_FRAME_BYTES + 1));
  expect(await eve.closed).toBe(closeCodes.messageTooBig);
  expect((await bob.event("relay.closed")).reason).toBe("peer-offline");
  await bob.request("session.ping", {});
});

test("bytes that are no WebSocket frame, and text that is no UTF-8, harm nobody else", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const [raw, other] = [await openRaw(server.port), await openRaw(server.port)];
  raw.end(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  // A masked text frame with a byte that UTF-8 never has.
  other.end(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
  await Promise.all([once(raw, "close"), once(other, "close")]);
  expect(await ada.request("session.ping", {})).toEqual({});
});

test("short and empty binary frames are offences", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  for (let count = 0; count <= limits.MAX_OFFENCES; count++) {
    ada.ws.send(Buffer.alloc(count % 2));
  }
  expect(await ada.closed).toBe(closeCodes.protocolViolation);
});

test("B5 too many requests at once are refused, and so are too many per second", async () => {
  await using server = await startTestServer({ requestsPerSecond: 10, requestBurst: 400 });
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  const all = await Promise.all(
    Array.from({ length: 2 * limits.MAX_PENDING_REQUESTS }, () => ada.refusal("roster.get", {})),
  );
  expect(all.filter((outcome) => outcome === "granted").length).toBeGreaterThan(100);
  expect(all).toContain("rate-limited");
  expect(await ada.refusal("roster.get", {})).toBe("rate-limited");
  await bob.request("roster.get", {});
  // Whoever waits is served again.
  server.clock.advance(20_000);
  await ada.request("roster.get", {});
});

test("B5 who goes on although refused is closed", async () => {
  await using server = await startTestServer({ requestsPerSecond: 10, requestBurst: 50 });
  const ada = await server.register("ada");
  const bob = await server.register("bob");
  await ada.request("roster.get", {});
  const flood = Array.from({ length: 120 }, () => ada.raw("roster.get", {}));
  // The close may overtake the answers to those that were still granted.
  await Promise.allSettled(flood);
  expect(await ada.closed).toBe(closeCodes.rateLimited);
  await bob.request("roster.get", {});
});

test("B5 requests that wait for their answer are bounded", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  // Many arrive together, and the store answers none before it has written all of them.
  const outcomes = await Promise.all(
    Array.from({ length: 3 * limits.MAX_PENDING_REQUESTS }, () =>
      ada.refusal("presence.set", { show: "away", statusText: "" }),
    ),
  );
  expect(new Set(outcomes)).toEqual(new Set(["granted", "too-many-requests"]));
  const granted = outcomes.filter((outcome) => outcome === "granted");
  expect(granted.length).toBeGreaterThanOrEqual(limits.MAX_PENDING_REQUESTS);
  await ada.request("session.ping", {});
});

test("a half-open connection is cut; one that answers stays", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await using mute = await TestClient.connect(server.port, { autoPong: false });
  const { clock } = server;
  await mute.resume(ada.keys);
  expect(await ada.closed).toBe(closeCodes.replaced);
  await bob.event("presence.changed");
  for (let beat = 0; beat < 3; beat++) {
    const pinged = once(bob.ws, "ping");
    clock.advance(limits.HEARTBEAT_MS);
    if (beat < 2) await pinged;
    // The pong is on its way before this request, and so is there before its answer.
    await bob.request("server.info", {});
  }
  expect(await mute.closed).toBe(closeCodes.unresponsive);
  const { presence } = await bob.event("presence.changed");
  expect(presence.show).toBe("offline");
  await bob.request("session.ping", {});
});

test("B3 a client that never reads is cut, and costs the others nothing", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const content = Buffer.alloc(8000).toString("base64");
  const id = (index: number): string => `AAAAAAAAAAAAAAAAAAAA${String(index).padStart(2, "0")}`;
  const envelopes = Array.from({ length: 10 }, (_, index) => ({
    id: id(index).replace(/.$/, "A").replace(/^.{2}/, `B${index}`),
    to: ada.deviceId,
    envelope: content,
  }));
  await bob.raw("mailbox.put", { envelopes });
  await ada.request("mailbox.fetch", { after: 0 });
  ada.ws.pause();
  // Pages that it asked for and does not take: more than the sockets' own buffers hold.
  for (let count = 0; count < 300; count++) {
    void ada.raw("mailbox.fetch", { after: 0 }).catch(() => undefined);
    await turn();
  }
  await bob.request("session.ping", {});
  server.clock.advance(2000);
  await bob.request("session.ping", {});
  server.clock.advance(16_000);
  const { presence } = await bob.event("presence.changed");
  expect(presence.show).toBe("offline");
  await bob.request("session.ping", {});
  server.clock.advance(3000);
  ada.ws.resume();
  expect([closeCodes.unresponsive, 1006]).toContain(await ada.closed);
});

/** A socket after a WebSocket handshake made by hand. */
async function openRaw(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    [
      "GET /ws HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: beeline.1",
      "\r\n",
    ].join("\r\n"),
  );
  await once(socket, "data");
  socket.resume();
  return socket;
}

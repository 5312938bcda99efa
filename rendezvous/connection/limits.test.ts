import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import * as v from "valibot";
import { closeCodes, limits, MessageId } from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

test("who has not signed in sends short frames only; who has, long ones", async () => {
  await using server = await startTestServer();
  await using stranger = await server.connect();
  stranger.ws.send(" ".repeat(limits.MAX_STRANGER_FRAME_BYTES + 1));
  expect(await stranger.closed).toBe(closeCodes.messageTooBig);
  const ada = await server.register("ada");
  const padding = " ".repeat(limits.MAX_TEXT_FRAME_BYTES - 200);
  await ada.raw("session.ping", { padding });
  const closed = once(ada.ws, "close");
  ada.ws.send(" ".repeat(limits.MAX_TEXT_FRAME_BYTES + 1));
  expect((await closed)[0]).toBe(closeCodes.messageTooBig);
});

test("a frame that a stranger begins and does not end takes no memory", async () => {
  await using server = await startTestServer();
  const socket = await openRaw(server.port);
  const closed = once(socket, "close");
  // A masked text frame of 2 MiB (RFC 6455 §5.2), of which a third comes.
  const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4]);
  socket.write(header);
  socket.write(Buffer.alloc(700_000));
  await closed;
  expect(socket.bytesWritten).toBeGreaterThan(limits.MAX_STRANGER_FRAME_BYTES);
  const ada = await server.register("ada");
  await ada.request("session.ping", {});
});

test("B7 connections from one address are bounded, those of the machine itself are not", async () => {
  await using server = await startTestServer({ connectionsPerAddress: 2, trustProxy: true });
  const from = (address: string): Promise<TestClient> =>
    TestClient.connect(server.port, { headers: { "x-forwarded-for": address } });
  await using one = await from("2001:db8::1");
  await using two = await from("2001:db8::2");
  // An IPv6 customer has a whole /64.
  await expect(from("2001:db8::3")).rejects.toThrow("429");
  await using elsewhere = await from("192.0.2.1");
  await elsewhere.request("server.info", {});
  for (let count = 0; count < 3; count++) {
    const local = await server.connect();
    await local.request("server.info", {});
  }
  one.ws.terminate();
  await one.closed;
  await two.request("server.info", {});
  await using again = await from("2001:db8::3");
  await again.request("server.info", {});
});

test("long requests that come together are all answered, some after the others", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const envelope = Buffer.alloc(limits.MAX_ENVELOPE_BYTES - 100).toString("base64");
  const put = (): Promise<{ outcomes: { outcome: string }[] }> =>
    ada.request("mailbox.put", {
      envelopes: Array.from({ length: 30 }, () => ({
        id: v.parse(MessageId, randomId()),
        to: bob.deviceId,
        envelope,
      })),
    });
  const answers = await Promise.all(Array.from({ length: 8 }, put));
  expect(answers.flatMap(({ outcomes }) => outcomes)).toHaveLength(240);
  expect(await server.store.mailbox.count(bob.deviceId)).toBe(240);
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

import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { limits } from "../../shared/protocol/index.ts";
import type { TestClient } from "../testing/test-client.ts";
import { FRAME_COST_BYTES, MAX_OVERDRAFT_FRAMES } from "./relay-service.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

/** Channel number, and the WebSocket's own header of a short, a middling and a long frame. */
const CHANNEL_BYTES = 2;
const HEADER_BYTES = { short: 2, middling: 4, long: 10 } as const;
const MIDDLING = 65_000;

/** More than a test sends frames. */
const MAX_UNCORKED = 100_000;

/** The network takes nothing more from now on: what is written waits, to the byte. */
function clog(socket: Socket): Disposable {
  // The server uncorks it for each full buffer.
  for (let count = 0; count < MAX_UNCORKED; count++) socket.cork();
  return {
    [Symbol.dispose]() {
      while (socket.writableCorked > 0) socket.uncork();
    },
  };
}

/** Frames on the channel that take exactly so many bytes on the wire, once to the receiver. */
function sendOnWire(sender: TestClient, channel: number, bytes: number): void {
  const whole = MIDDLING + CHANNEL_BYTES + HEADER_BYTES.middling;
  let left = bytes;
  for (; left > 2 * whole; left -= whole) sender.sendChannelData(channel, Buffer.alloc(MIDDLING));
  const header = left > 65_535 + HEADER_BYTES.middling ? HEADER_BYTES.long : HEADER_BYTES.middling;
  sender.sendChannelData(channel, Buffer.alloc(left - header - CHANNEL_BYTES));
}

/** All that was sent before was dealt with. */
async function settle(client: TestClient): Promise<void> {
  await client.request("session.ping", {});
}

/** Is the client's next request answered, when the server has dealt with all that came before? */
async function isRead(server: TestServer, client: TestClient): Promise<boolean> {
  const other = await server.connect();
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await other.request("server.info", {});
  };
  // What comes in one packet with the last frame is read with it.
  await turns();
  const state = { answered: false };
  void client.request("session.ping", {}).then(() => {
    state.answered = true;
  });
  await turns();
  return state.answered;
}

/** Two buddies with a channel, and the server's end of the second one's connection. */
async function pair(server: TestServer) {
  const [ada, bob] = await server.buddies("ada", "bob");
  const receiving = server.newestSocket;
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  await bob.event("relay.opened");
  return { ada, bob, channel, receiving };
}

test("B3 a sender is told to pause beyond so many waiting bytes, and no sooner", async () => {
  await using server = await startTestServer();
  const { ada, bob, channel, receiving } = await pair(server);
  {
    using network = clog(receiving);
    expect(network).toBeDefined();
    sendOnWire(ada, channel, limits.RELAY_PAUSE_BYTES);
    await settle(ada);
    expect(receiving.writableLength).toBe(limits.RELAY_PAUSE_BYTES);
    expect(ada.eventNames()).toEqual([]);
    ada.sendChannelData(channel, Buffer.alloc(1));
    expect((await ada.event("relay.flow")).paused).toBe(true);
  }
  expect((await ada.event("relay.flow")).paused).toBe(false);
  await settle(bob);
});

test("B3 a sender that goes on is not read from beyond so many waiting bytes, and no sooner", async () => {
  await using server = await startTestServer();
  const { ada, channel, receiving } = await pair(server);
  {
    using network = clog(receiving);
    expect(network).toBeDefined();
    sendOnWire(ada, channel, limits.RELAY_STOP_BYTES);
    expect(await isRead(server, ada)).toBe(true);
    expect(receiving.writableLength).toBe(limits.RELAY_STOP_BYTES);
    ada.sendChannelData(channel, Buffer.alloc(1));
    expect(await isRead(server, ada)).toBe(false);
  }
  await settle(ada);
});

test("B3 nor beyond so many waiting frames, however small", async () => {
  await using server = await startTestServer();
  const { ada, channel, receiving } = await pair(server);
  {
    using network = clog(receiving);
    expect(network).toBeDefined();
    sendOnWire(ada, channel, limits.RELAY_PAUSE_BYTES);
    for (let sent = 0; sent < MAX_OVERDRAFT_FRAMES; sent++) {
      ada.sendChannelData(channel, Buffer.alloc(0));
    }
    expect(await isRead(server, ada)).toBe(true);
    ada.sendChannelData(channel, Buffer.alloc(0));
    expect(await isRead(server, ada)).toBe(false);
  }
  await settle(ada);
});

test("B4 an account's share is relayed at once, and no more, whichever device sends", async () => {
  const frame = 1000;
  const cost = frame + CHANNEL_BYTES + FRAME_COST_BYTES;
  await using server = await startTestServer({
    relayBytesPerSecond: cost,
    relayBurstBytes: 10 * cost,
  });
  const { ada, bob, channel } = await pair(server);
  const phone = await server.connect();
  await phone.signIn("ada");
  const other = await phone.request("relay.open", { to: bob.deviceId });
  for (let sent = 0; sent < 5; sent++) {
    ada.sendChannelData(channel, Buffer.alloc(frame));
    phone.sendChannelData(other.channel, Buffer.alloc(frame));
  }
  expect(await isRead(server, ada)).toBe(true);
  expect(await isRead(server, phone)).toBe(true);
  phone.sendChannelData(other.channel, Buffer.alloc(frame));
  expect(await isRead(server, phone)).toBe(false);
  // The other device has nothing left either, and the other person all of theirs.
  ada.sendChannelData(channel, Buffer.alloc(frame));
  expect(await isRead(server, ada)).toBe(false);
  expect(await isRead(server, bob)).toBe(true);
  server.clock.advance(3000);
  await Promise.all([settle(ada), settle(phone)]);
});

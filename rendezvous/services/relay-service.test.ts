import { expect, test } from "vitest";
import { closeCodes, limits } from "../../shared/protocol/index.ts";
import type { TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const KILOBYTES_64 = Buffer.alloc(64 * 1024, 1);

/** Sends until told to hold back, as it must be while the receiver does not read: how many frames. */
async function fill(sender: TestClient, channel: number): Promise<number> {
  const state = { holding: false, sent: 0 };
  const told = sender
    .event("relay.flow", ({ paused }) => paused)
    .then(() => {
      state.holding = true;
    });
  while (!state.holding) {
    sender.sendChannelData(channel, KILOBYTES_64);
    state.sent++;
    // Lets the sockets work; whether the server has spoken decides, not the time.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await told;
  return state.sent;
}

test("both ends of a channel have numbers of their own; order and bytes are kept", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  await eve.request("roster.add", { userName: "bob" });
  await bob.request("roster.accept", { userId: eve.userId });
  // Bob's first channel is to Eve: Ada's number 1 is his number 2.
  await eve.request("relay.open", { to: bob.deviceId });
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  const opened = await bob.event("relay.opened", ({ from }) => from.userId === ada.userId);
  expect([channel, opened.channel]).toEqual([1, 2]);
  for (let count = 0; count < 300; count++) {
    ada.sendChannelData(channel, Buffer.from([count >> 8, count & 0xff]));
  }
  for (let count = 0; count < 300; count++) {
    const { channel, payload } = await bob.channelData();
    expect([channel, ...payload]).toEqual([2, count >> 8, count & 0xff]);
  }
});

test("opening again gives the channel that there is, from either side", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const first = await ada.request("relay.open", { to: bob.deviceId });
  const { channel } = await bob.event("relay.opened");
  expect(await ada.request("relay.open", { to: bob.deviceId })).toEqual(first);
  expect(await bob.request("relay.open", { to: ada.deviceId })).toEqual({ channel });
  // Both at once, too.
  await ada.request("relay.close", first);
  await bob.event("relay.closed");
  const [one, two] = await Promise.all([
    ada.request("relay.open", { to: bob.deviceId }),
    bob.request("relay.open", { to: ada.deviceId }),
  ]);
  ada.sendChannelData(one.channel, Buffer.from("x"));
  expect((await bob.channelData()).channel).toBe(two.channel);
});

test("a channel closes when a side asks, leaves, or is no buddy any more", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  await ada.request("relay.close", { channel });
  expect((await bob.event("relay.closed")).reason).toBe("closed");
  expect(await ada.refusal("relay.close", { channel: 99 })).toBe("no-such-channel");

  await ada.request("relay.open", { to: bob.deviceId });
  await ada.request("roster.remove", { userId: bob.userId });
  expect((await bob.event("relay.closed")).reason).toBe("not-permitted");
  expect((await ada.event("relay.closed")).reason).toBe("not-permitted");
  expect(await ada.refusal("relay.open", { to: bob.deviceId })).toBe("no-such-device");
});

test("frames that were on their way to a closed channel are no offence", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  bob.ws.terminate();
  expect((await ada.event("relay.closed")).reason).toBe("peer-offline");
  for (let count = 0; count < 2 * limits.MAX_OFFENCES; count++) {
    ada.sendChannelData(channel, Buffer.from("late"));
  }
  await ada.request("session.ping", {});
});

test("frames on channels that never were end the connection, and no other", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  for (let count = 0; count <= limits.MAX_OFFENCES; count++) {
    ada.sendChannelData(7, Buffer.from("for whom?"));
  }
  expect(await ada.closed).toBe(closeCodes.protocolViolation);
  await bob.request("session.ping", {});
});

test("relay needs permission: strangers' and unknown devices are the same", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const eve = await server.register("eve");
  await eve.request("roster.add", { userName: "ada" });
  const unknown = "AAAAAAAAAAAAAAAAAAAAAA";
  for (const to of [ada.deviceId, unknown, eve.deviceId]) {
    expect(await eve.refusal("relay.open", { to })).toBe("no-such-device");
  }
  expect(ada.eventNames()).toEqual(["roster.changed"]);
});

test("one's own devices may be reached", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const phone = await server.connect();
  await phone.signIn("ada");
  const { channel } = await ada.request("relay.open", { to: phone.deviceId });
  ada.sendChannelData(channel, Buffer.from("note"));
  expect(Buffer.from((await phone.channelData()).payload).toString()).toBe("note");
});

test("a slow receiver's senders are told to pause, and to go on; nothing is lost", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  bob.ws.pause();
  const sent = await fill(ada, channel);
  ada.sendChannelData(channel, Buffer.from("last"));
  bob.ws.resume();
  expect((await ada.event("relay.flow")).paused).toBe(false);
  for (let count = 0; count < sent; count++) {
    expect((await bob.channelData()).payload).toHaveLength(KILOBYTES_64.length);
  }
  expect(Buffer.from((await bob.channelData()).payload).toString()).toBe("last");
});

test("B3 a receiver that never reads is cut; its sender goes on with others", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  await ada.request("roster.add", { userName: "eve" });
  await eve.request("roster.accept", { userId: ada.userId });
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  const toEve = await ada.request("relay.open", { to: eve.deviceId });
  bob.ws.pause();
  await fill(ada, channel);
  // Ada does not listen: the server stops reading from her before its memory fills.
  for (let sent = 0; sent < 400; sent++) ada.sendChannelData(channel, KILOBYTES_64);
  let answered = false;
  const stopped = ada.request("session.ping", {}).then(() => {
    answered = true;
  });
  for (let count = 0; count < 200; count++) await eve.request("session.ping", {});
  expect(answered).toBe(false);
  server.clock.advance(20_000);
  const { reason } = await ada.event("relay.closed");
  expect(reason).toBe("slow-receiver");
  await stopped;
  ada.sendChannelData(toEve.channel, Buffer.from("still here"));
  expect(Buffer.from((await eve.channelData()).payload).toString()).toBe("still here");
  await ada.event("presence.changed", ({ userId }) => userId === bob.userId);
});

test("B4 who sends more than their rate is read from again when they have earned it", async () => {
  const frames = 64;
  const megabyte = 1024 * 1024;
  await using server = await startTestServer({
    relayBytesPerSecond: megabyte,
    relayBurstBytes: megabyte,
  });
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  for (let count = 0; count < frames; count++) ada.sendChannelData(channel, KILOBYTES_64);
  const state = { answered: false };
  const answer = ada.request("session.ping", {}).then(() => {
    state.answered = true;
  });
  let received = 0;
  const all = (async () => {
    for (; received < frames; received++) await bob.channelData();
  })();
  // Enough turns of the server to forward all of it, had it read on; and it serves the others.
  for (let turn = 0; turn < 200; turn++) await eve.request("session.ping", {});
  expect(state.answered).toBe(false);
  expect(received).toBeGreaterThanOrEqual(16);
  expect(received).toBeLessThan(frames / 2);
  while (!state.answered) {
    server.clock.advance(1000);
    await eve.request("session.ping", {});
  }
  await answer;
  await all;
});

import { expect, test } from "vitest";
import { startTestServer } from "./testing/test-server.ts";

test("two people become buddies, see each other and talk by relay", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { entries } = await ada.request("roster.get", {});
  expect(entries.map((entry) => [entry.profile.userName, entry.state])).toEqual([
    ["bob", "buddies"],
  ]);
  const [endpoint] = entries[0]?.presence.endpoints ?? [];
  expect(endpoint?.deviceId).toBe(bob.deviceId);
  expect(endpoint?.observed.address).toBe("127.0.0.1");

  const { channel } = await ada.request("relay.open", { to: bob.deviceId });
  const opened = await bob.event("relay.opened");
  expect(opened.from).toEqual({ userId: ada.userId, deviceId: ada.deviceId });
  ada.sendChannelData(channel, Buffer.from("hello"));
  const got = await bob.channelData();
  expect(got.channel).toBe(opened.channel);
  expect(Buffer.from(got.payload).toString()).toBe("hello");
  bob.sendChannelData(opened.channel, Buffer.from("hi"));
  expect(Buffer.from((await ada.channelData()).payload).toString()).toBe("hi");
});

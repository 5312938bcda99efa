import { expect, test } from "vitest";
import { startTestServer } from "../testing/test-server.ts";

const linkId = "AAAAAAAAAAAAAAAAAAAAAA";
const signature = `${"A".repeat(86)}==`;
const signal = { type: "offer", sdp: "v=0\r\n", signature };

test("a signal reaches a buddy's device, stamped with who sent it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.raw("signal.send", { to: bob.deviceId, linkId, signal });
  expect(await bob.event("signal.received")).toEqual({
    from: { userId: ada.userId, deviceId: ada.deviceId },
    linkId,
    signal,
  });
});

test("strangers' devices and unknown ones are the same; an offline buddy is told apart", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  await eve.request("roster.add", { userName: "ada" });
  for (const to of [ada.deviceId, bob.deviceId, linkId]) {
    expect(await eve.refusal("signal.send", { to, linkId, signal })).toBe("no-such-device");
  }
  bob.ws.terminate();
  await ada.event("presence.changed");
  const refusal = await ada.refusal("signal.send", { to: bob.deviceId, linkId, signal });
  expect(refusal).toBe("peer-offline");
  expect(ada.eventNames()).not.toContain("signal.received");
});

test("a signal that is none is refused, and the other side never sees it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const to = bob.deviceId;
  for (const broken of [
    { type: "offer", sdp: "nonsense", signature },
    { type: "offer", signature },
    { type: "offer", sdp: signal.sdp },
    { type: "candidate", candidate: "rm -rf", sdpMid: "0", sdpMLineIndex: 0 },
    { type: "explode" },
    null,
  ]) {
    const refusal = await ada.refusal("signal.send", { to, linkId, signal: broken });
    expect(refusal).toBe("invalid-params");
  }
  await ada.raw("signal.send", { to, linkId, signal });
  expect((await bob.event("signal.received")).signal.type).toBe("offer");
  expect(bob.eventNames()).not.toContain("signal.received");
});

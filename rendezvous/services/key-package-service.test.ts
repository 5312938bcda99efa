import { expect, test } from "vitest";
import * as v from "valibot";
import { DeviceId, limits } from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import type { TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

/** As opaque to the server as a real one. */
function keyPackage(name: string): string {
  return Buffer.from(`key package ${name}`).toString("base64");
}

function packages(count: number): string[] {
  return Array.from({ length: count }, (_, n) => keyPackage(String(n)));
}

async function take(client: TestClient, ...of: TestClient[]): Promise<string[]> {
  const devices = of.map(({ deviceId }) => deviceId);
  const taken = await client.request("keyPackages.take", { devices });
  return taken.packages.map(({ keyPackage }) => keyPackage);
}

test("each single-use package is handed out once, however many take at once; then the last resort", async () => {
  await using server = await startTestServer({
    keyPackagesPerDevice: { burst: 100, perSecond: 1 },
  });
  const [ada, bob] = await server.buddies("ada", "bob");
  const lastResort = keyPackage("last");
  expect(await bob.request("keyPackages.publish", { packages: packages(5), lastResort })).toEqual({
    kept: 5,
  });
  const taken = await Promise.all(Array.from({ length: 8 }, () => take(ada, bob)));
  const flat = taken.flat();
  expect(new Set(flat.filter((one) => one !== lastResort))).toEqual(new Set(packages(5)));
  expect(flat.filter((one) => one === lastResort)).toHaveLength(3);
});

test("the device is told when few are left", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await bob.request("keyPackages.publish", { packages: packages(17) });
  await take(ada, bob);
  expect(bob.eventNames()).not.toContain("keyPackages.low");
  await take(ada, bob);
  expect(await bob.event("keyPackages.low")).toEqual({ kept: 15 });
});

test("what is beyond the bound, or there already, is not kept; a last resort replaces the one before", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const publish = (batch: string[], lastResort = keyPackage("last")): Promise<{ kept: number }> =>
    bob.request("keyPackages.publish", { packages: batch, lastResort });
  expect(await publish(packages(2))).toEqual({ kept: 2 });
  expect(await publish(packages(2))).toEqual({ kept: 2 });
  expect(await publish(packages(64))).toEqual({ kept: limits.MAX_KEY_PACKAGES });
  expect(await publish([keyPackage("one more")])).toEqual({ kept: limits.MAX_KEY_PACKAGES });
  await publish([], keyPackage("newer"));
  for (let count = 0; count < 4; count++) await take(ada, bob);
  expect(await take(ada, bob)).toEqual([keyPackage("newer")]);
});

test("nobody drains a device: after some, an account gets the last resort, until time has passed", async () => {
  await using server = await startTestServer({
    keyPackagesPerDevice: { burst: 2, perSecond: 1 / 10 },
  });
  const [ada, bob] = await server.buddies("ada", "bob");
  const lastResort = keyPackage("last");
  await bob.request("keyPackages.publish", { packages: packages(20), lastResort });
  const phone = await server.connect();
  await phone.signIn("ada");
  expect(await take(ada, bob)).toEqual([keyPackage("0")]);
  expect(await take(phone, bob)).toEqual([keyPackage("1")]);
  expect(await take(ada, bob)).toEqual([lastResort]);
  expect(await take(phone, bob)).toEqual([lastResort]);
  server.clock.advance(10_000);
  expect(await take(ada, bob)).toEqual([keyPackage("2")]);
});

test("strangers get nothing; whoever was blocked gets the last resort only, as if nothing were", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  const lastResort = keyPackage("last");
  await bob.request("keyPackages.publish", { packages: packages(2), lastResort });
  expect(await take(eve, bob)).toEqual([]);
  const unknown = v.parse(DeviceId, randomId());
  expect(await ada.request("keyPackages.take", { devices: [unknown] })).toEqual({ packages: [] });
  await bob.request("roster.block", { userId: ada.userId });
  expect(await take(ada, bob)).toEqual([lastResort]);
  expect(await bob.request("keyPackages.publish", { packages: [] })).toEqual({ kept: 2 });
});

test("one's own other devices give theirs, and a device takes them with it", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const phone = await server.connect();
  await phone.signIn("ada");
  await phone.request("keyPackages.publish", { packages: packages(3) });
  expect(await take(ada, phone)).toEqual([keyPackage("0")]);
  await ada.request("device.remove", { deviceId: phone.deviceId });
  expect(await take(ada, phone)).toEqual([]);
  expect(await take(bob, phone)).toEqual([]);
});

import { expect, test } from "vitest";
import { decodeBase64, readKeyPackage } from "../../crypto/index.ts";
import {
  KEY_PACKAGE_LIFETIME_MS,
  LAST_RESORT_LIFETIME_MS,
  LAST_RESORT_ROTATION_MS,
} from "../limits.ts";
import {
  allRead,
  expectAgreement,
  say,
  scene,
  signedIn,
  type Scene,
} from "../testing/group-scenes.ts";
import type { GroupDevice } from "../testing/group-device.ts";

const PREFIX = "mls-key-package/";

function published({ world }: Scene, { self }: GroupDevice) {
  const packages = world.server.snapshot().packages.get(self.deviceId);
  return { single: packages?.single ?? [], lastResort: packages?.lastResort };
}

async function secrets(device: GroupDevice): Promise<readonly string[]> {
  return [...(await device.store.values(PREFIX)).keys()];
}

test("M12: key packages are published, and filled up when few are left", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { bob1, world } = all;
  expect(published(all, bob1).single).toHaveLength(3);
  expect(await secrets(bob1)).toHaveLength(4);
  const claims = await readKeyPackage(decodeBase64(published(all, bob1).lastResort ?? ""));
  expect(claims).toMatchObject({ lastResort: true, suite: "classic" });
  world.server.take({ devices: [bob1.self.deviceId] });
  world.server.take({ devices: [bob1.self.deviceId] });
  await world.idle();
  expect(published(all, bob1).single).toHaveLength(3);
});

test("M12: the secrets of a key package are on disk before the server has it", async () => {
  await using all = await scene("classic");
  const { ada1, world } = all;
  world.fate = (step) => (step === "ada-1 keyPackages.publish#2" ? "crash-before" : undefined);
  await world.until("it has crashed", () => !ada1.isRunning);
  await world.until("it is back", () => ada1.isRunning);
  await world.idle();
  expect(published(all, ada1).single).toHaveLength(3);
  expect((await secrets(ada1)).length).toBeGreaterThanOrEqual(4);
});

test("M12: the secrets of a used key package are deleted, those of last resort stay", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { ada1, bob1, world } = all;
  const before = await secrets(bob1);
  await say(ada1, "hello");
  await allRead(all, ["hello"]);
  await world.idle();
  const after = await secrets(bob1);
  expect(before.filter((key) => !after.includes(key))).toHaveLength(1);

  await using second = await scene("classic", await signedIn("classic"));
  const state = second.world.server.snapshot();
  const packages = new Map(
    [...state.packages].map(([id, kept]) => [id, { ...kept, single: [] }] as const),
  );
  second.world.server.restore({ ...state, packages });
  const kept = await secrets(second.bob1);
  await say(second.ada1, "hello");
  await allRead(second, ["hello"]);
  expect(await secrets(second.bob1)).toEqual(expect.arrayContaining([...kept]));
  await expectAgreement(second);
});

test("M12: the one of last resort is replaced after a month, and the old ones go when their time is over", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { bob1, world } = all;
  await world.idle();
  const first = published(all, bob1).lastResort;
  world.clock.jump(LAST_RESORT_ROTATION_MS + 1);
  bob1.goOnline();
  await world.idle();
  expect(published(all, bob1).lastResort).not.toBe(first);
  expect(await secrets(bob1)).toHaveLength(5);
  world.clock.jump(LAST_RESORT_LIFETIME_MS - LAST_RESORT_ROTATION_MS);
  bob1.goOnline();
  await world.idle();
  // The first of last resort is gone, and a third has come.
  expect(await secrets(bob1)).toHaveLength(5);
  world.clock.jump(KEY_PACKAGE_LIFETIME_MS);
  bob1.goOnline();
  await world.idle();
  expect(await secrets(bob1)).toHaveLength(1);
});

test("M3: a group is in the classic suite only where all ask for it", async () => {
  await using classic = await scene("classic", await signedIn("classic"));
  await say(classic.ada1, "hello");
  await allRead(classic, ["hello"]);
  expect((await classic.bob1.group())?.suite).toBe("classic");

  await using mixed = await scene("classic", await signedIn("classic"));
  const { ada1, world } = mixed;
  await ada1.crash(undefined);
  ada1.suite = "hybrid";
  await ada1.start();
  await say(ada1, "hello");
  await allRead(mixed, ["hello"]);
  await world.idle();
  expect((await mixed.bob1.group())?.suite).toBe("hybrid");
  await expectAgreement(mixed);
});

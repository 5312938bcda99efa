import { expect, test } from "vitest";
import {
  encodeBase64,
  createKeyPackage,
  decodeBase64,
  identityKeysOf,
  MlsError,
  MlsGroup,
} from "../../crypto/index.ts";
import type { DeviceId } from "../../protocol/index.ts";
import { GROUP_RENEWAL_MS } from "../limits.ts";
import {
  ada,
  allRead,
  bob,
  expectAgreement,
  newSessions,
  say,
  scene,
  signedIn,
  talking,
  type Scene,
} from "../testing/group-scenes.ts";
import type { GroupDevice } from "../testing/group-device.ts";
import type { Letter } from "../testing/group-world.ts";
import { rejection } from "../testing/rejection.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { deviceIdOfKey, idBytes } from "../trust/device-id.ts";

/** A device that the server has made up, and says is bob's. */
const ghostKeys = identityKeysOf(seededRandom(666).bytes(32));
const ghostIdentity = { userId: idBytes(bob), keys: ghostKeys };
const anybody = { admits: () => Promise.resolve(true) };

/** Every sealed message that the server got to see. */
function overhear({ world }: Scene): Uint8Array[] {
  const sealed: Uint8Array[] = [];
  world.post = (letter) => {
    if (letter.content.kind === "message") sealed.push(letter.content.sealed);
    return [letter];
  };
  return sealed;
}

function untrusted(devices: readonly GroupDevice[]): readonly string[] {
  return devices.flatMap(({ notices }) =>
    notices.filter(({ kind }) => kind === "server-untrusted").map(({ detail }) => detail),
  );
}

/** The next message of each device comes with a commit. */
function laterOn({ world }: Scene): void {
  world.clock.jump(GROUP_RENEWAL_MS + 1);
}

/** The server goes on as it does, and the devices with it, for so long. */
async function whileDishonest({ world }: Scene, ms: number): Promise<void> {
  const end = world.clock.monotonic() + ms;
  await world.until("time is over", () => world.clock.monotonic() >= end);
}

test("M13: a swapped key package lets nobody in; the device itself gets the message", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { ada1, bob1, world } = all;
  const { keyPackage } = await createKeyPackage(ghostIdentity, "classic", {
    lastResort: true,
    notBefore: 0,
    notAfter: 4_000_000_000,
  });
  world.server.dishonesty.swapped = new Map([[bob1.self.deviceId, encodeBase64(keyPackage)]]);
  await say(ada1, "secret");
  await allRead(all, ["secret"]);
  await world.idle();
  await expectAgreement(all);
  expect(untrusted(world.devices)).toHaveLength(1);
});

test("M13: a made-up device that joins from outside can open nothing, and is taken out again", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const { conversationId } = ada1;
  const sealed = overhear(all);
  const intrude = async (): Promise<MlsGroup> => {
    const groupInfo = decodeBase64(world.server.group(conversationId)?.groupInfo ?? "");
    const joined = await MlsGroup.joinExternal({
      identity: ghostIdentity,
      policy: anybody,
      groupInfo,
    });
    const ghost = { userId: bob, deviceId: deviceIdOfKey(ghostKeys.publicKey) };
    world.server.commit(ghost, {
      conversationId,
      epoch: joined.group.epoch - 1,
      commit: encodeBase64(joined.commit),
      groupInfo: encodeBase64(joined.groupInfo),
    });
    return joined.group;
  };
  const ghosts = [await intrude()];
  await say(ada1, "with a ghost");
  await say(bob1, "and an answer");
  await allRead(all, ["hello", "with a ghost", "and an answer"]);
  ghosts.push(await intrude());
  await say(ada1, "once more");
  await allRead(all, ["hello", "with a ghost", "and an answer", "once more"]);
  await newSessions(all);
  await expectAgreement(all);
  expect(untrusted(world.devices).length).toBeGreaterThan(0);
  expect(sealed.length).toBeGreaterThan(0);
  for (const ghost of ghosts) {
    for (const bytes of sealed) expect(await rejection(ghost.open(bytes))).toBeInstanceOf(MlsError);
  }
});

test("M13: commits that are replayed or dropped are noticed, and the conversation goes on", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const { dishonesty } = world.server;
  const first = world.server.group(ada1.conversationId);
  laterOn(all);
  await say(ada1, "one");
  await allRead(all, ["hello", "one"]);
  await world.idle();
  const old = world.server.group(ada1.conversationId)?.commits.at(-1);
  expect(first).toBeDefined();
  // Another commit in its place, for one device; nothing at all for another.
  dishonesty.shown = (commit, to) => {
    if (to === bob1.self.deviceId) return { ...commit, commit: old?.commit ?? commit.commit };
    return to === all.ada2.self.deviceId ? undefined : commit;
  };
  laterOn(all);
  await say(ada1, "two");
  await allRead(all, ["hello", "one", "two"]);
  world.server.becomeHonest();
  await newSessions(all);
  await say(bob1, "three");
  await allRead(all, ["hello", "one", "two", "three"]);
  await newSessions(all);
  await expectAgreement(all);
});

test("M14: where no commit is shown to anybody, the members do not chase each other", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  world.server.dishonesty.shown = () => undefined;
  const before = world.server.group(ada1.conversationId)?.epoch ?? 0;
  laterOn(all);
  await say(ada1, "one");
  await whileDishonest(all, 20_000);
  const after = world.server.group(ada1.conversationId)?.epoch ?? 0;
  expect(after - before).toBeLessThan(40);
  world.server.becomeHonest();
  await newSessions(all);
  await say(bob1, "two");
  await allRead(all, ["hello", "one", "two"]);
  await newSessions(all);
  await expectAgreement(all);
});

test("M13: a device in a history of its own comes back when the server is honest", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob2, world } = all;
  world.server.seclude([bob2.self.deviceId]);
  laterOn(all);
  await say(bob2, "from the other branch");
  await say(ada1, "from this branch");
  await whileDishonest(all, 20_000);
  expect(await bob2.read()).not.toContain("from this branch");
  world.server.becomeHonest();
  await newSessions(all);
  await allRead(all, ["hello", "from the other branch", "from this branch"]);
  await newSessions(all);
  await expectAgreement(all);
  expect(untrusted([bob2]).length).toBeGreaterThan(0);
});

test("M8: two histories that have come to the same epoch are told apart, and the server's is taken", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob2, world } = all;
  const held: Letter[] = [];
  world.post = (letter) => {
    held.push(letter);
    return [];
  };
  world.server.seclude([bob2.self.deviceId]);
  laterOn(all);
  await say(bob2, "from the other branch");
  await say(ada1, "from this branch");
  await world.until("both are sealed", () => held.length === 6);
  expect((await bob2.group())?.epoch).toBe((await ada1.group())?.epoch);
  expect((await bob2.group())?.confirmation).not.toEqual((await ada1.group())?.confirmation);
  world.server.becomeHonest();
  world.post = (letter) => [letter];
  for (const letter of held) world.send(letter);
  await allRead(all, ["hello", "from the other branch", "from this branch"]);
  await newSessions(all);
  await expectAgreement(all);
  expect(untrusted(world.devices)).toEqual([
    "The server had another history of a conversation's group.",
  ]);
});

test("M13: a server set back to a backup gets the newest state from the members", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, bob2, world } = all;
  const backup = world.server.snapshot();
  await bob2.crash(undefined);
  const texts = ["hello"];
  for (const text of ["one", "two"]) {
    laterOn(all);
    texts.push(text);
    await say(text === "one" ? ada1 : bob1, text);
    await world.idle();
  }
  world.server.restore(backup);
  // One that knows nothing of the lost epochs begins another history from the old state.
  for (const device of [ada1, bob1, all.ada2]) device.goOffline();
  await bob2.start();
  await say(bob2, "I have missed something");
  await whileDishonest(all, 2_000);
  await newSessions(all);
  await allRead(all, [...texts, "I have missed something"]);
  await newSessions(all);
  await expectAgreement(all);
  expect(untrusted(world.devices).length).toBeGreaterThan(0);
});

test("M13: a group that the server has lost is given back", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const before = await ada1.group();
  world.server.loseGroup(ada1.conversationId);
  await newSessions(all);
  expect(world.server.group(ada1.conversationId)?.epoch).toBe(before?.epoch);
  laterOn(all);
  await say(bob1, "still here");
  await allRead(all, ["hello", "still here"]);
  await newSessions(all);
  await expectAgreement(all);
});

test("M13: who is shown an old state only, and told of nothing, is told so and catches up later", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const held: DeviceId = bob1.self.deviceId;
  const old = world.server.group(ada1.conversationId);
  const { dishonesty } = world.server;
  dishonesty.silent = (to) => to === held;
  dishonesty.view = (view, to, { have }) => {
    if (to !== held || old === undefined) return view;
    const groupInfo = have === old.epoch ? {} : { groupInfo: old.groupInfo };
    return { epoch: old.epoch, ...groupInfo, commits: [], more: false };
  };
  laterOn(all);
  await say(ada1, "ahead");
  await world.until("bob-1 is told", () => untrusted([bob1]).length > 0);
  expect(await bob1.read()).toEqual(["hello"]);
  world.server.becomeHonest();
  await newSessions(all);
  await allRead(all, ["hello", "ahead"]);
  await newSessions(all);
  await expectAgreement(all);
});

test("M13: a group of strangers under a conversation's id is not joined", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { ada1, world } = all;
  const stranger = { userId: seededRandom(5).bytes(16), keys: ghostKeys };
  const group = await MlsGroup.create({
    identity: stranger,
    policy: anybody,
    groupId: idBytes(ada1.conversationId),
    suite: "classic",
  });
  const groupInfo = encodeBase64(await group.groupInfo());
  const { conversationId } = ada1;
  world.server.create(all.bob1.self, { conversationId, peer: ada, epoch: 0, groupInfo });
  await world.idle();
  await say(ada1, "to nobody else");
  await whileDishonest(all, 5_000);
  expect(untrusted(world.devices).length).toBeGreaterThan(0);
  expect(await all.bob2.read()).toEqual([]);
  world.server.loseGroup(conversationId);
  await newSessions(all);
  await allRead(all, ["to nobody else"]);
  await world.idle();
  await expectAgreement(all);
});

import { expect, test } from "vitest";
import { createKeyPackage, encodeBase64 } from "../../crypto/index.ts";
import type { DeviceId } from "../../protocol/index.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import { GROUP_RENEWAL_MS, MAX_OPEN_GROUPS } from "../limits.ts";
import {
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
import { userIdOf } from "../testing/test-ids.ts";
import type { Letter } from "../testing/group-world.ts";
import { idBytes } from "../trust/device-id.ts";

const DAY = 24 * 60 * 60 * 1000;

async function epochOf({ ada1 }: Scene): Promise<number> {
  return (await ada1.group())?.epoch ?? -1;
}

/** Time for new keys: the next message of each device comes with a commit. */
function laterOn({ world }: Scene): void {
  world.clock.jump(GROUP_RENEWAL_MS + DAY);
}

test("M4: two people who start the same conversation at once end in one group", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  await Promise.all(all.world.devices.map((device) => say(device, device.name)));
  await allRead(
    all,
    all.world.devices.map(({ name }) => name),
  );
  await all.world.idle();
  await expectAgreement(all);
});

test("M2: a message is sealed without the server where all are in the group, else not", async () => {
  await using all = await scene("classic", await talking("classic"));
  all.ada1.goOffline();
  await say(all.ada1, "without a server");
  await allRead(all, ["hello", "without a server"]);

  await using fresh = await scene("classic", await signedIn("classic"));
  fresh.ada1.goOffline();
  await say(fresh.ada1, "nobody there yet");
  await fresh.world.clock.advance(2_000);
  expect(await fresh.bob1.read()).toEqual([]);
  fresh.ada1.goOnline();
  await allRead(fresh, ["nobody there yet"]);
});

test("M5: a new device joins by itself, writes and is written to", async () => {
  await using all = await scene("classic", await talking("classic"));
  const third = await all.world.add("bob-3", bob, all.ada1.self.userId);
  await third.start();
  await all.world.idle();
  expect((await third.group())?.members).toHaveLength(5);
  await say(third, "from the new one");
  await say(all.ada2, "to the new one");
  await all.world.until("the new one reads", async () => (await third.read()).length === 2);
  await newSessions(all);
  await expectAgreement(all);
});

test("M5: a device that others do not know of yet is admitted once its list was read on", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, ada2, bob1, world } = all;
  const third = await world.add("bob-3", bob, ada1.self.userId);
  // The others have an older state of the list, until they ask for it.
  const listed = world.lists.get(bob) ?? [];
  const refreshed: string[] = [];
  world.lists.set(
    bob,
    listed.filter((one) => one !== third),
  );
  world.onRefresh = (name, userId) => {
    refreshed.push(`${name} asks for ${userId}`);
    world.lists.set(bob, listed);
  };
  await third.start();
  await world.until("it is in", async () => (await third.group())?.members.length === 5);
  await world.idle();
  expect(refreshed.length).toBeGreaterThan(0);
  expect([ada1, ada2, bob1].flatMap(({ notices }) => notices)).toEqual([]);
  await expectAgreement(all);
});

test("M2: a device that left its account's list is out of the group before the next message", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, bob2, world } = all;
  const removed = bob2;
  world.lists.set(bob, [bob1]);
  const overheard: Letter[] = [];
  world.post = (letter) => {
    overheard.push(letter);
    return [letter];
  };
  await say(ada1, "not for the removed");
  await world.until("bob-1 reads", async () => (await bob1.read()).length === 2);
  const letter = overheard.find(({ content }) => content.kind === "message");
  if (letter === undefined || letter.content.kind !== "message") throw new Error("no letter");
  const opened = await removed.book.open({
    header: { ...letter, from: letter.from.deviceId, to: removed.self.deviceId, after: 0 },
    from: letter.from,
    peer: ada1.self.userId,
    sealed: letter.content.sealed,
  });
  expect(opened.kind).not.toBe("opened");
  expect((await ada1.group())?.members).toHaveLength(3);
});

test("M3: a device renews its keys before its first message after a week", async () => {
  await using all = await scene("classic", await talking("classic"));
  const before = await epochOf(all);
  await say(all.ada1, "the same day");
  await allRead(all, ["hello", "the same day"]);
  expect(await epochOf(all)).toBe(before);
  laterOn(all);
  await say(all.ada1, "a week later");
  await allRead(all, ["hello", "the same day", "a week later"]);
  expect(await epochOf(all)).toBe(before + 1);
});

test("M6: lost, late, doubled and reordered messages over epochs", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const late: Letter[] = [];
  let count = 0;
  world.post = (letter) => {
    count++;
    if (count % 7 === 0 && letter.content.kind !== "message") return [letter, letter];
    if (count % 3 === 0) {
      late.unshift(letter);
      return [];
    }
    return [letter, letter];
  };
  const texts = ["hello"];
  for (let week = 0; week < 3; week++) {
    for (const device of [ada1, bob1]) {
      for (let index = 0; index < 3; index++) {
        texts.push(`${device.name} ${week} ${index}`);
        await device.say(`${device.name} ${week} ${index}`);
      }
    }
    await world.clock.advance(5_000);
    await world.idle();
    laterOn(all);
  }
  world.post = (letter) => [letter];
  for (const letter of late) world.send(letter);
  await allRead(all, texts);
  await newSessions(all);
  await expectAgreement(all);
});

test("M7: a device whose store was set back to a backup is readable again by itself", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, world } = all;
  const backup = await ada1.values();
  await say(ada1, "after the backup");
  await allRead(all, ["hello", "after the backup"]);
  await ada1.crash(undefined);
  await ada1.setStore(backup);
  await ada1.start();
  // Its ratchet uses keys anew that the others have deleted.
  await say(ada1, "from the restored one");
  const reads = async (): Promise<boolean> =>
    (await all.bob1.read()).includes("from the restored one") &&
    (await all.bob2.read()).includes("from the restored one") &&
    (await all.ada2.read()).includes("from the restored one");
  await world.until("all have read it", reads);
  expect(all.bob1.unreadable).toBeGreaterThan(0);
  await newSessions(all);
  await expectAgreement(all);
});

test("M7: a backup from before several epochs", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const backup = await ada1.values();
  const texts = ["hello"];
  for (const text of ["one", "two", "three"]) {
    laterOn(all);
    await say(text === "two" ? bob1 : ada1, text);
    texts.push(text);
    await allRead(all, texts);
  }
  await ada1.crash(undefined);
  await ada1.setStore(backup);
  await ada1.start();
  await say(bob1, "to the restored one");
  await say(ada1, "from the restored one");
  await world.until("they read each other", async () => {
    return (
      (await ada1.read()).includes("to the restored one") &&
      (await bob1.read()).includes("from the restored one")
    );
  });
  await newSessions(all);
  await expectAgreement(all);
});

test("M8: a device that was away until the server had forgotten the commits", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, bob2, world } = all;
  await bob2.crash(undefined);
  const texts = ["hello"];
  for (const [index, device] of [ada1, bob1, ada1, bob1].entries()) {
    laterOn(all);
    texts.push(`week ${index}`);
    await say(device, `week ${index}`);
    await world.idle();
  }
  world.server.prune(ada1.conversationId, 1);
  await bob2.start();
  await say(bob2, "I was away");
  await allRead(all, [...texts, "I was away"]);
  await world.idle();
  await expectAgreement(all);
});

test("M6: a late message of the epoch before a device joined anew still opens", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, bob2, world } = all;
  const held: Letter[] = [];
  world.post = (letter) => {
    if (letter.to !== bob2.self.deviceId) return [letter];
    held.push(letter);
    return [];
  };
  await bob2.crash(undefined);
  await say(ada1, "in the old epoch");
  await world.idle();
  laterOn(all);
  await say(bob1, "in the new epoch");
  await world.idle();
  world.server.prune(ada1.conversationId, 0);
  await bob2.start();
  await world.idle();
  await expectAgreement(all);
  world.post = (letter) => [letter];
  for (const letter of held) world.send(letter);
  await allRead(all, ["hello", "in the old epoch", "in the new epoch"]);
  // Only the one of an epoch in which the device never was had to be sealed anew.
  expect(bob2.unreadable).toBe(1);
});

test("M9: a device without key packages holds up nobody, and gets the message by itself", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { ada1, bob2, world } = all;
  await bob2.crash(undefined);
  const state = world.server.snapshot();
  const packages = new Map(state.packages);
  packages.delete(bob2.self.deviceId);
  world.server.restore({ ...state, packages });
  await say(ada1, "hello");
  await world.until("the others read", async () => (await all.bob1.read()).length === 1);
  await bob2.start();
  await allRead(all, ["hello"]);
  await world.idle();
  await expectAgreement(all);
});

test("M9: a key package with which no commit can be made holds up nobody either", async () => {
  await using all = await scene("classic", await signedIn("classic"));
  const { ada1, bob2, world } = all;
  // Its time is over by the machine's clock, by which the library goes; not by this device's.
  const now = Date.now();
  world.clock.jump(-2 * 60 * 60 * 1000);
  const { keyPackage } = await createKeyPackage(
    { userId: idBytes(bob), keys: bob2.keys },
    "classic",
    { lastResort: true, notBefore: 0, notAfter: Math.floor(now / 1000) - 60 * 60 },
  );
  world.server.dishonesty.swapped = new Map([[bob2.self.deviceId, encodeBase64(keyPackage)]]);
  await say(ada1, "hello");
  await allRead(all, ["hello"]);
  await world.idle();
  await expectAgreement(all);
});

test("M10: a step that was taken is recognised although its answer was lost, by a restarted device too", async () => {
  for (const fate of ["answer-lost", "crash-after"] as const) {
    const step = "ada-1 group.commit#1";
    await using all = await scene("classic", await talking("classic"), { step, fate });
    const before = await epochOf(all);
    laterOn(all);
    await say(all.ada1, "a week later");
    await allRead(all, ["hello", "a week later"]);
    await newSessions(all);
    // One epoch more: nobody had to join anew, or commit again.
    expect(all.world.server.group(all.ada1.conversationId)?.epoch).toBe(before + 1);
    await expectAgreement(all);
  }
  for (const fate of ["answer-lost", "crash-after"] as const) {
    const step = "ada-1 group.create#1";
    await using all = await scene("classic", await signedIn("classic"), { step, fate });
    await say(all.ada1, "hello");
    await allRead(all, ["hello"]);
    expect(all.world.server.group(all.ada1.conversationId)?.epoch).toBe(1);
    await expectAgreement(all);
  }
});

test("M10: a commit that the store refuses leaves a conversation that goes on", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, bob1, world } = all;
  const before = world.fate;
  let failures = 0;
  world.fate = (step) => {
    if (!step.includes(" commit") || failures === 6 || Math.random() < 0.3) return before(step);
    failures++;
    return "lost";
  };
  laterOn(all);
  await say(ada1, "one");
  await say(bob1, "two");
  await allRead(all, ["hello", "one", "two"]);
  expect(failures).toBe(6);
  await newSessions(all);
  await expectAgreement(all);
});

test("M11: what was not sealed by that device, under that header, is not opened", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1, ada2, bob1, world } = all;
  let letter: Letter | undefined;
  world.post = (one) => {
    if (one.to === bob1.self.deviceId && one.content.kind === "message") letter = one;
    return [];
  };
  await say(ada1, "hello again");
  await world.until("it is sealed", () => letter !== undefined);
  if (letter?.content.kind !== "message") throw new Error("no message");
  const { content, from, id, sequence, conversationId } = letter;
  const header = { id, conversationId, sequence, from: from.deviceId, to: bob1.self.deviceId };
  const open = (changed: { readonly from?: DeviceId; readonly sequence?: number }) =>
    bob1.book.open({
      header: { ...header, after: 0, ...changed },
      from: { userId: from.userId, deviceId: changed.from ?? from.deviceId },
      peer: ada1.self.userId,
      sealed: content.sealed,
    });
  expect(await open({ from: ada2.self.deviceId })).toMatchObject({ kind: "unreadable" });
  bob1.book.rollBack();
  expect(await open({ sequence: sequence + 1 })).toMatchObject({ kind: "unreadable" });
  bob1.book.rollBack();
  expect(await open({})).toMatchObject({ kind: "opened" });
});

test("M15: a group that had to make room in memory is read again, as it was", async () => {
  await using all = await scene("classic", await talking("classic"));
  const { ada1 } = all;
  const before = await ada1.group();
  for (let other = 0; other < 2 * MAX_OPEN_GROUPS; other++) {
    await ada1.book.describe(directConversationId(ada1.self.userId, userIdOf(10 + (other % 90))));
  }
  expect(await ada1.group()).toEqual(before);
  await say(ada1, "read again");
  await allRead(all, ["hello", "read again"]);
  expect(all.world.devices.map(({ unreadable }) => unreadable)).toEqual([0, 0, 0, 0]);
});

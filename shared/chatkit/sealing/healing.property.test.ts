import fc from "fast-check";
import { expect, test } from "vitest";
import { GROUP_RENEWAL_MS } from "../limits.ts";
import type { GroupDevice } from "../testing/group-device.ts";
import {
  allRead,
  expectAgreement,
  newSessions,
  say,
  scene,
  signedIn,
  type Scene,
} from "../testing/group-scenes.ts";
import type { Fate, WorldState } from "../testing/group-world.ts";

const FATES: readonly Fate[] = ["lost", "answer-lost", "crash-before", "crash-after"];

/** What happens between two rounds of messages, to the server or to a device. */
const Mishap = fc.constantFrom(
  "none",
  "a week passes",
  "the server goes back to a backup",
  "the server loses the group",
  "the server forgets the commits",
  "a device goes back to a backup",
  "a device is away",
);

const Round = fc.record({
  /** Which devices write. */
  speakers: fc.array(fc.nat(3), { maxLength: 4 }),
  mishap: Mishap,
  victim: fc.nat(3),
  /** Turns of the event loop until the next round. */
  pause: fc.nat(25),
});

/** One in about thirty steps goes wrong. */
const Dice = fc.array(fc.nat(120), { minLength: 50, maxLength: 50 });

/** Puts a device's groups back to an older state; what it has written and read stays. */
async function setBack(device: GroupDevice, backup: WorldState): Promise<void> {
  const isMessage = ([key]: readonly [string, string]): boolean => key.startsWith("test-");
  const old = [...(backup.stores.get(device.name) ?? [])].filter((entry) => !isMessage(entry));
  const messages = [...(await device.values())].filter(isMessage);
  await device.crash(undefined);
  await device.setStore(new Map([...old, ...messages]));
  await device.start();
}

async function befall(all: Scene, mishap: string, device: GroupDevice, backup: WorldState) {
  const { clock, server } = all.world;
  const { conversationId } = all.ada1;
  switch (mishap) {
    case "a week passes":
      clock.jump(GROUP_RENEWAL_MS + 1);
      return;
    case "the server goes back to a backup":
      server.restore({ ...server.snapshot(), groups: backup.server.groups });
      return;
    case "the server loses the group":
      server.loseGroup(conversationId);
      return;
    case "the server forgets the commits":
      server.prune(conversationId, 0);
      return;
    case "a device goes back to a backup":
      if (device.isRunning) await setBack(device, backup);
      return;
    case "a device is away":
      if (!device.isRunning) return;
      device.goOffline();
      clock.setTimer(() => {
        if (device.isRunning) device.goOnline();
      }, 2_000);
  }
}

test("M1, M7, M13: whatever happens, and however much of it, every message is read in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Round, { minLength: 2, maxLength: 6 }),
      Dice,
      async (rounds, dice) => {
        await using all = await scene("classic", await signedIn("classic"));
        const { world } = all;
        let steps = 0;
        let isCalm = false;
        world.fate = () =>
          isCalm ? undefined : FATES[dice[steps++ % dice.length] ?? FATES.length];
        const texts: string[] = [];
        let backup = await signedIn("classic");
        for (const { mishap, pause, speakers, victim } of rounds) {
          for (const index of speakers) {
            const device = world.devices[index] ?? all.ada1;
            texts.push(`${texts.length} from ${device.name}`);
            await say(device, texts.at(-1) ?? "");
          }
          let turns = 0;
          await world.until("a while", () => ++turns > pause);
          // No device stops while it is copied or set back.
          isCalm = true;
          await befall(all, mishap, world.devices[victim] ?? all.ada1, backup);
          if (world.devices.every(({ isRunning }) => isRunning)) backup = await world.snapshot();
        }
        world.fate = () => undefined;
        await allRead(all, texts);
        // The first tells who is behind, the second whoever was given something back meanwhile.
        await newSessions(all);
        await newSessions(all);
        if (texts.length > 0) await expectAgreement(all);
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
  expect(FATES).toHaveLength(4);
}, 60_000);

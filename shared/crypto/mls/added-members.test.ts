import { expect, test } from "vitest";
import { createKeyPackage } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { ANYBODY, deviceOf, GROUP_ID, IN_TIME } from "./testing/members.ts";

async function packages(numbers: readonly number[], notAfter = IN_TIME.notAfter) {
  return await Promise.all(
    numbers.map(async (number) => {
      const made = await createKeyPackage(deviceOf(number), "classic", { ...IN_TIME, notAfter });
      return made.keyPackage;
    }),
  );
}

// Vitest fails a run in which a rejection is handled by nobody: that is what ends a process of Node.
test("several who may not be added are refused, by a member and by who adds them", async () => {
  const alone = await MlsGroup.create({
    identity: deviceOf(1),
    policy: ANYBODY,
    groupId: GROUP_ID,
    suite: "classic",
  });
  const keyPackage = await createKeyPackage(deviceOf(2), "classic", IN_TIME);
  const first = await alone.commit({ add: [keyPackage.keyPackage], remove: [] });
  let isOpen = true;
  const other = await MlsGroup.join({
    identity: deviceOf(2),
    policy: { admits: () => Promise.resolve(isOpen) },
    welcome: first.welcome ?? new Uint8Array(0),
    keyPackage,
  });
  const { commit } = await first.next.commit({ add: await packages([3, 4, 5]), remove: [] });
  isOpen = false;
  await expect(other.process(commit)).rejects.toMatchObject({ reason: "not-admitted" });

  const old = await packages([3, 4, 5], 1);
  await expect(first.next.commit({ add: old, remove: [] })).rejects.toMatchObject({
    reason: "invalid",
  });
  isOpen = true;
  expect((await other.process(commit)).members).toHaveLength(5);
});

import { joinGroup } from "ts-mls/clientState.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { expect, test } from "vitest";
import { cipherSuites } from "./cipher-suites.ts";
import { Admission } from "./client-config.ts";
import { enterByWelcome } from "./entering.ts";
import { openWelcome } from "./joining.ts";
import { createKeyPackage, decodeKeyPackage, privateKeysOf } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { ANYBODY, deviceOf, groupOf, IN_TIME, renewed } from "./testing/members.ts";
import { decodeWelcomeMessage } from "./wire.ts";

test.each([false, true])("by Welcome as the library has it (with a path: %s)", async (isPath) => {
  const groups = await renewed(await groupOf(4), 1);
  const cs = (await cipherSuites()).classic;
  const identity = deviceOf(5);
  const own = await createKeyPackage(identity, "classic", IN_TIME);
  // A commit that removes has a path, and the Welcome its secret.
  const pending = await groups[0]?.commit({
    add: [own.keyPackage],
    remove: isPath ? [2] : [],
  });
  const { welcome } = decodeWelcomeMessage(pending?.welcome ?? new Uint8Array(0));
  const { keyPackage } = await decodeKeyPackage(own.keyPackage);
  const privateKeys = privateKeysOf(identity, own);
  const { config } = new Admission(identity, ANYBODY);
  const theirs = await joinGroup(
    welcome,
    keyPackage,
    privateKeys,
    emptyPskIndex,
    cs,
    undefined,
    undefined,
    config,
  );
  const reference = await makeKeyPackageRef(keyPackage, cs.hash);
  const { groupInfo, secrets } = await openWelcome(welcome, reference, privateKeys, cs);
  expect(secrets.pathSecret !== undefined).toBe(isPath);
  const ours = await enterByWelcome({ keyPackage, privateKeys, cs, config }, groupInfo, secrets);
  expect(ours).toEqual(theirs);
});

test("nobody looks for long at a group with more members than it can have", async () => {
  const [first] = await groupOf(5);
  const groupInfo = (await first?.groupInfo()) ?? new Uint8Array(0);
  const asked: Uint8Array[] = [];
  const admits = async ({ userId }: { userId: Uint8Array }): Promise<boolean> => {
    asked.push(userId);
    return true;
  };
  const identity = deviceOf(9);
  const join = async (maxMembers: number) =>
    MlsGroup.joinExternal({ identity, policy: { admits, maxMembers }, groupInfo });
  await expect(join(4)).rejects.toMatchObject({ reason: "invalid" });
  expect(asked).toEqual([]);
  expect((await join(5)).group.members).toHaveLength(6);
});

import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { readGroupInfo } from "./group-infos.ts";
import { createKeyPackage, readKeyPackage, welcomeReferences } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import { MlsError, type OwnKeyPackage } from "./mls-types.ts";
import { ANYBODY, deviceOf, GROUP_ID, groupOf, IN_TIME } from "./testing/members.ts";
import { decodeMessage, MAX_MLS_BYTES, peekSealed } from "./wire.ts";

/** Whatever the server or a peer sends, it is refused with an MlsError, and soon. */

const NONE = new Uint8Array(0);
const identity = deviceOf(3);
let group: MlsGroup;
let keyPackage: OwnKeyPackage;
const genuine: Uint8Array[] = [];

beforeAll(async () => {
  const [a, b] = await groupOf(2);
  if (a === undefined || b === undefined) throw new Error("no group");
  group = b;
  keyPackage = await createKeyPackage(identity, "classic", IN_TIME);
  const pending = await a.commit({ add: [keyPackage.keyPackage], remove: [] });
  const groupInfo = await a.groupInfo();
  const outside = await MlsGroup.joinExternal({ identity, policy: ANYBODY, groupInfo });
  genuine.push(
    await a.seal(utf8ToBytes("hi"), NONE),
    pending.commit,
    pending.welcome ?? NONE,
    groupInfo,
    outside.commit,
    keyPackage.keyPackage,
  );
});

/** Everything that takes foreign bytes. */
async function takeAll(bytes: Uint8Array): Promise<void> {
  const join = { identity, policy: ANYBODY };
  const attempts = [
    group.open(bytes),
    group.process(bytes),
    group.commit({ add: [bytes], remove: [] }),
    MlsGroup.join({ ...join, welcome: bytes, keyPackage }),
    MlsGroup.joinExternal({ ...join, groupInfo: bytes }),
    MlsGroup.load(new Map([["state", bytes]]), join),
    readKeyPackage(bytes),
    readGroupInfo(bytes),
  ];
  const outcomes = await Promise.allSettled(attempts);
  const refusals = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === "rejected" ? [outcome.reason] : [],
  );
  expect(refusals.filter((reason) => !(reason instanceof MlsError))).toEqual([]);
  peekSealed(bytes);
  welcomeReferences(bytes);
}

const time = { numRuns: 300, interruptAfterTimeLimit: 2000 };

test("random bytes", async () => {
  const header = fc.constantFrom(
    NONE,
    ...[1, 2, 3, 4, 5].map((type) => Uint8Array.of(0, 1, 0, type)),
  );
  await fc.assert(
    fc.asyncProperty(header, fc.uint8Array({ maxLength: 600 }), async (start, rest) => {
      await takeAll(concatBytes(start, rest));
    }),
    time,
  );
});

test("genuine messages, cut off, lengthened, or with bytes changed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.nat({ max: 255 }), async (which, place, value) => {
      const bytes = genuine[which % genuine.length] ?? NONE;
      const at = place % bytes.length;
      await takeAll(bytes.with(at, value));
      await takeAll(bytes.subarray(0, at));
      await takeAll(concatBytes(bytes, Uint8Array.of(value)));
    }),
    time,
  );
  // And it took none of them for good.
  expect(group.epoch).toBe(1);
  expect(group.groupId).toEqual(GROUP_ID);
});

test("lengths that promise more than there is, and messages that are too long", async () => {
  const huge = Uint8Array.of(0, 1, 0, 2, 0xbf, 0xff, 0xff, 0xff, 1, 2, 3);
  expect(() => decodeMessage(huge)).toThrow(MlsError);
  expect(() => decodeMessage(new Uint8Array(MAX_MLS_BYTES + 1))).toThrow(MlsError);
  await takeAll(huge);
  // The longest that is read at all: all of it is blank nodes of a ratchet tree.
  const [, , , groupInfo = NONE] = genuine;
  await takeAll(concatBytes(groupInfo, new Uint8Array(MAX_MLS_BYTES - groupInfo.length)));
});

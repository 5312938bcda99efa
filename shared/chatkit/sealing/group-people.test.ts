import { expect, test } from "vitest";
import type { DeviceId, UserId } from "../../protocol/index.ts";
import { identityKeysOf } from "../../crypto/index.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { deviceIdOfKey, idBytes } from "../trust/device-id.ts";
import { ConversationPolicy } from "./conversation-policy.ts";
import type { MemberDirectory } from "./member-directory.ts";
import { membershipGap, type MemberDevice } from "./membership.ts";

const [ada, ben, cleo, dora] = [userIdOf(1), userIdOf(2), userIdOf(3), userIdOf(4)];

function keyOf(userId: UserId, n = 1): Uint8Array {
  const seed = new Uint8Array(32).fill(n);
  seed.set(idBytes(userId));
  return identityKeysOf(seed).publicKey;
}

function deviceOf(userId: UserId, n = 1): { userId: UserId; deviceId: DeviceId } {
  return { userId, deviceId: deviceIdOfKey(keyOf(userId, n)) };
}

/** Lists as the server has them, and as they were read so far. */
class Lists implements MemberDirectory {
  readonly atServer = new Map<UserId, readonly Uint8Array[]>();
  readonly #read = new Map<UserId, readonly Uint8Array[]>();
  readonly asked: UserId[] = [];

  constructor(...known: readonly UserId[]) {
    for (const userId of known) {
      this.atServer.set(userId, [keyOf(userId)]);
      this.#read.set(userId, [keyOf(userId)]);
    }
  }

  devices(userId: UserId) {
    return (this.#read.get(userId) ?? []).map((publicKey) => ({
      deviceId: deviceIdOfKey(publicKey),
      publicKey,
    }));
  }

  refresh(userId: UserId): Promise<boolean> {
    this.asked.push(userId);
    const list = this.atServer.get(userId);
    if (list !== undefined) this.#read.set(userId, list);
    return Promise.resolve(list !== undefined);
  }
}

function leaves(...devices: readonly { userId: UserId; deviceId: DeviceId }[]): MemberDevice[] {
  return devices.map((device, leaf) => ({ ...device, leaf }));
}

test("M2, G6: of a group, who is in it no more is out, with all devices", () => {
  const directory = new Lists(ada, ben, cleo);
  const members = leaves(deviceOf(ada), deviceOf(ben), deviceOf(cleo), deviceOf(cleo, 2));
  const { deviceId: self } = deviceOf(ada);
  const gap = membershipGap(members, {
    recipients: [deviceOf(ben)],
    accounts: new Set([ada, ben]),
    unlisted: new Set(),
    directory,
    self,
  });
  expect(gap).toEqual({ missing: [], stale: [2, 3], unknown: [] });
});

test("M2: a device under another account than its own is none of it", () => {
  const directory = new Lists(ada, ben, cleo);
  const members = leaves(deviceOf(ada), { ...deviceOf(cleo), userId: ben });
  const { deviceId: self } = deviceOf(ada);
  const gap = membershipGap(members, {
    recipients: [deviceOf(cleo)],
    accounts: new Set([ada, ben, cleo]),
    unlisted: new Set(),
    directory,
    self,
  });
  expect(gap).toEqual({ missing: [deviceOf(cleo)], stale: [1], unknown: [] });
});

test("M2: whose list is unknown holds up two people; in a group, only with something in it", () => {
  const directory = new Lists(ada);
  const { deviceId: self } = deviceOf(ada);
  const accounts = new Set([ada, ben]);
  const empty = leaves(deviceOf(ada));
  const withBen = leaves(deviceOf(ada), deviceOf(ben));
  const rest = { recipients: [], accounts, directory, self };
  expect(membershipGap(empty, rest).unknown).toEqual([ben]);
  expect(membershipGap(empty, { ...rest, unlisted: new Set() }).unknown).toEqual([]);
  expect(membershipGap(withBen, { ...rest, unlisted: new Set() })).toMatchObject({
    stale: [],
    unknown: [ben],
  });
  // The server was asked in vain.
  expect(membershipGap(withBen, { ...rest, unlisted: new Set([ben]) })).toMatchObject({
    stale: [1],
    unknown: [],
  });
});

test("M5, G6: who has just come in is admitted after one look, with all who came along", async () => {
  const directory = new Lists(ada);
  for (const userId of [ben, cleo]) directory.atServer.set(userId, [keyOf(userId)]);
  let accounts = new Set([ada]);
  const gone = new Set<UserId>();
  let looks = 0;
  const policy = new ConversationPolicy({
    accounts: () => accounts,
    wasIn: (userId) => accounts.has(userId) || gone.has(userId),
    isGroup: () => true,
    directory,
    look: () => {
      looks++;
      accounts = new Set([ada, ben, cleo]);
      return Promise.resolve(true);
    },
  });
  const admits = (userId: UserId): Promise<boolean> =>
    policy.admits({ userId: idBytes(userId), publicKey: keyOf(userId) });
  expect(await admits(ben)).toBe(false);
  expect(await policy.lookAgain()).toBe(true);
  expect(looks).toBe(1);
  expect(await admits(ben)).toBe(true);
  expect(await admits(cleo)).toBe(true);
  expect(await admits(dora)).toBe(false);
  // Nobody who has left meanwhile is a reason to distrust the server: their devices are taken out next.
  gone.add(dora);
  expect(await admits(dora)).toBe(true);
});

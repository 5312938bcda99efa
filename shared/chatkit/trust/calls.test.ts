import { beforeEach, describe, expect, test } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import type { Safety } from "../api.ts";
import { RosterBook } from "../roster/roster-book.ts";
import { DeviceLogs, ListedAccount } from "../testing/device-logs.ts";
import { rejection } from "../testing/rejection.ts";
import { rowOf, TrustNode } from "../testing/trust-world.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { DeviceCalls } from "./device-calls.ts";
import { SafetyCalls } from "./safety-calls.ts";
import { SafetyNumbers } from "./safety-numbers.ts";

let logs: DeviceLogs;
let ada: ListedAccount;
let ben: ListedAccount;

beforeEach(() => {
  logs = new DeviceLogs();
  ada = new ListedAccount(1, logs);
  ben = new ListedAccount(2, logs);
});

interface Side {
  readonly node: TrustNode;
  readonly numbers: SafetyNumbers;
  readonly calls: SafetyCalls;
  readonly told: Safety[];
}

async function sideOf(account: ListedAccount): Promise<Side> {
  const node = await TrustNode.start(account.userId, account.device(1), logs);
  await node.signedIn(logs.list(account.userId).length, undefined, []);
  const told: Safety[] = [];
  const numbers = new SafetyNumbers({
    trust: node.book,
    self: () => node.userId,
    clock: node.clock,
    onSafety: (safety) => told.push(safety),
  });
  node.onSafety = (userId) => numbers.tell(userId);
  const calls = new SafetyCalls(() => ({ trust: node.book, safety: numbers }));
  return { node, numbers, calls, told };
}

describe("safety numbers", () => {
  test("I10: both ends show the same, and either's code is the other's", async () => {
    const [a, b] = [await sideOf(ada), await sideOf(ben)];
    const atA = await a.calls.of(ben.userId);
    const atB = await b.calls.of(ada.userId);
    expect(atA.number).toMatch(/^\d{60}$/);
    expect(atB.number).toBe(atA.number);
    expect(atB.code).toBe(atA.code);
    expect(await a.calls.matches(ben.userId, ` ${atB.code}\n`)).toBe(true);
    expect(await a.calls.matches(ben.userId, atB.number)).toBe(false);
    expect(atA).toMatchObject({ userId: ben.userId, verified: false });
    expect(atA).not.toHaveProperty("change");
  });

  test("I10: a device more on either side makes another number; the mark stays with one's own", async () => {
    const { calls, node } = await sideOf(ada);
    const { number } = await calls.setVerified(ben.userId, true);
    ada.change("add", 2, 1);
    await node.book.refresh(ada.userId);
    const own = await calls.of(ben.userId);
    expect(own.number.slice(0, 30)).not.toBe(number.slice(0, 30));
    expect(own.number.slice(30)).toBe(number.slice(30));
    expect(own.verified).toBe(true);
    ben.change("add", 2, 1);
    await node.book.refresh(ben.userId);
    const both = await calls.of(ben.userId);
    expect(both.number.slice(30)).not.toBe(number.slice(30));
    expect(both).toMatchObject({ verified: false, change: { wasVerified: true, added: 1 } });
    await calls.acknowledgeChange(ben.userId);
    expect(await calls.of(ben.userId)).not.toHaveProperty("change");
  });

  test("I10: with a server in the middle the two ends show different numbers", async () => {
    const others = new DeviceLogs();
    const mallory = new ListedAccount(2, others);
    others.append(mallory.userId, [mallory.statement("add", 66, 1)]);
    const a = await sideOf(ada);
    a.node.connection.log = (params) => others.log(params);
    const b = await sideOf(ben);
    const [atA, atB] = [await a.calls.of(ben.userId), await b.calls.of(ada.userId)];
    expect(atA.number).not.toBe(atB.number);
    expect(await a.calls.matches(ben.userId, atB.code)).toBe(false);
  });

  test("I10: changes are told, one at a time", async () => {
    const { calls, node, told } = await sideOf(ada);
    await calls.setVerified(ben.userId, true);
    const eve = new ListedAccount(3, logs);
    await calls.of(eve.userId);
    for (const account of [ben, eve]) account.change("add", 2, 1);
    await Promise.all([node.book.refresh(ben.userId), node.book.refresh(eve.userId)]);
    expect(told).toEqual([]);
    await node.clock.advance(1);
    expect(told.map(({ userId, change }) => [userId, change?.wasVerified])).toEqual([
      [ben.userId, true],
      [eve.userId, false],
    ]);
    expect(node.clock.pendingTimers).toBe(0);
  });

  test("I10: an account whose list nobody knows has none", async () => {
    const { calls, node, numbers } = await sideOf(ada);
    expect(await rejection(calls.of(userIdOf(9)))).toMatchObject({ reason: "no-such-user" });
    expect(await rejection(calls.setVerified(userIdOf(9), true))).toMatchObject({
      name: "ChatKitError",
    });
    numbers.tell(ben.userId);
    numbers.close();
    expect(node.clock.pendingTimers).toBe(0);
  });
});

function rosterOf(node: TrustNode): RosterBook {
  const nothing = (): void => {};
  return new RosterBook(
    { onEntry: nothing, onRemoved: nothing, onSelf: nothing, onChanged: nothing, save: nothing },
    node.book,
  );
}

describe("own devices", () => {
  test("I7: this one first, vouched or not, online where they are", async () => {
    const { node } = await sideOf(ada);
    ada.change("add", 2, 1);
    const roster = rosterOf(node);
    const open = () => ({ connection: node.connection, roster, trust: node.book });
    const calls = new DeviceCalls(open, open);
    expect(calls.list()).toEqual([]);
    const rows = [3, 2, 1].map((n) => ({ ...rowOf(ada.device(n)), addedAt: n, lastSeen: n * 10 }));
    roster.session({
      profile: { userId: ada.userId, userName: "ada", displayName: "Ada" },
      deviceId: node.deviceId,
      devices: rows,
      show: "online",
      statusText: "",
      roster: [],
    });
    await node.book.refresh(ada.userId);
    roster.presenceChanged(ada.userId, {
      show: "online",
      statusText: "",
      endpoints: [
        {
          deviceId: ada.peer(2).deviceId,
          observed: { address: "192.0.2.1", port: 1 },
          local: [],
          client: { name: "test", version: "1" },
        },
      ],
    });
    const shown = calls.list().map(({ addedAt, current, online, vouched }) => ({
      addedAt,
      current,
      online,
      vouched,
    }));
    expect(shown).toEqual([
      { addedAt: 1, current: true, online: true, vouched: true },
      { addedAt: 3, current: false, online: false, vouched: false },
      { addedAt: 2, current: false, online: true, vouched: true },
    ]);
    expect(calls.list()[0]).toMatchObject({ deviceId: node.deviceId, lastSeen: 10 });
    expect(roster.ownOthers().map(({ deviceId }) => deviceId)).toEqual([ada.peer(2).deviceId]);

    await calls.remove(ada.peer(2).deviceId);
    expect(logs.list(ada.userId).devices).toHaveLength(1);
    expect(node.connection.requests.at(-1)).toEqual({
      method: "device.remove",
      params: { deviceId: ada.peer(2).deviceId },
    });
    await calls.rename(ada.peer(1).deviceId, "new name");
    expect(node.connection.requests.at(-1)?.method).toBe("device.rename");
    node.connection.setOnline(false);
    expect(calls.list().map(({ online }) => online)).toEqual([false, false, false]);
  });

  test("I7: a device that could not be taken out of the list keeps its session", async () => {
    const { node } = await sideOf(ada);
    ada.change("add", 2, 1);
    await node.book.refresh(ada.userId);
    node.connection.append = () => {
      throw new ProtocolError("unavailable", "later");
    };
    const open = () => ({ connection: node.connection, roster: rosterOf(node), trust: node.book });
    const removing = new DeviceCalls(open, open).remove(ada.peer(2).deviceId);
    expect(await rejection(removing)).toMatchObject({ reason: "unavailable", retryable: true });
    expect(node.connection.count("device.remove")).toBe(0);
  });
});

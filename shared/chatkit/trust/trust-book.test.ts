import { beforeEach, describe, expect, test } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import { flushMicrotasks } from "../testing/fake-clock.ts";
import { DeviceLogs, ListedAccount, testIdentity } from "../testing/device-logs.ts";
import { TrustNode } from "../testing/trust-world.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { TRUST_MAX_RETRIES, TRUST_RETRY_MAX_MS } from "../limits.ts";

let logs: DeviceLogs;
let ben: ListedAccount;
let node: TrustNode;

beforeEach(async () => {
  logs = new DeviceLogs();
  ben = new ListedAccount(2, logs);
  node = await TrustNode.start(userIdOf(1), testIdentity(1, 1), logs);
});

function idsOf(user: ListedAccount): readonly string[] {
  return node.book.devices(user.userId).map(({ deviceId }) => deviceId);
}

describe("reading lists", () => {
  test("I8: a list is read when the roster tells of it, and is known from then on", async () => {
    node.book.wants(ben.userId, 1, []);
    await flushMicrotasks();
    expect(idsOf(ben)).toEqual([ben.peer(1).deviceId]);
    expect(node.book.isListed(ben.userId, ben.device(1).publicKey)).toBe(true);
    expect(node.book.isListed(ben.userId, ben.device(2).publicKey)).toBe(false);
    expect(node.changed).toEqual([ben.userId]);
    node.book.wants(ben.userId, 1, []);
    await flushMicrotasks();
    expect(node.connection.count("devices.log")).toBe(1);
  });

  test("what is asked for in one tick goes in one request", async () => {
    const others = [3, 4, 5].map((n) => new ListedAccount(n, logs));
    for (const { userId } of others) node.book.wants(userId, 1, []);
    await flushMicrotasks();
    expect(node.connection.count("devices.log")).toBe(1);
    for (const other of others) expect(idsOf(other)).toHaveLength(1);
  });

  test("a longer list is read on when the event tells, page by page", async () => {
    await node.book.refresh(ben.userId);
    for (const n of [2, 3, 4]) ben.change("add", n, 1);
    ben.change("remove", 3, 4);
    logs.page = 2;
    node.connection.tell({ userId: ben.userId, length: 5 });
    await flushMicrotasks();
    expect(idsOf(ben)).toEqual([1, 2, 4].map((n) => ben.peer(n).deviceId));
    // Also the key of a device that has left: its mail may be on its way.
    expect(node.keys).toContainEqual(ben.device(3).publicKey);
  });

  test("a list is there after a restart, and the server is asked for what is new, and its last statement", async () => {
    ben.change("add", 3, 1);
    await node.book.refresh(ben.userId);
    await node.restart();
    expect(idsOf(ben)).toEqual([1, 3].map((n) => ben.peer(n).deviceId));
    ben.change("add", 2, "password");
    await node.book.refresh(ben.userId);
    expect(node.connection.requests.at(-1)?.params).toEqual({
      of: [{ userId: ben.userId, after: 1 }],
    });
    expect(idsOf(ben)).toHaveLength(3);
  });

  test("a server that cannot answer is asked again with growing pauses, not for ever", async () => {
    node.connection.log = () => {
      throw new ProtocolError("unavailable", "later");
    };
    expect(await node.book.refresh(ben.userId)).toBe(false);
    await node.clock.advance(60 * TRUST_RETRY_MAX_MS);
    expect(node.connection.count("devices.log")).toBe(1 + TRUST_MAX_RETRIES);
    expect(node.clock.pendingTimers).toBe(0);
    node.connection.log = (params) => logs.log(params);
    expect(await node.book.refresh(ben.userId)).toBe(true);
  });

  test("what failed is read when the server can again", async () => {
    node.connection.log = () => {
      throw new ProtocolError("rate-limited", "later", { retryAfterMs: 5_000 });
    };
    await node.book.refresh(ben.userId);
    node.connection.log = (params) => logs.log(params);
    await node.clock.advance(5_000);
    expect(idsOf(ben)).toEqual([]);
    await node.clock.advance(5_000);
    expect(idsOf(ben)).toHaveLength(1);
  });

  test("without a server nothing is asked again, and `ready` does not wait", async () => {
    node.connection.setOnline(false);
    await node.book.ready(ben.userId);
    expect(node.clock.pendingTimers).toBe(0);
  });

  test("an account that one may not ask about is left alone", async () => {
    node.connection.log = () => ({ logs: [] });
    expect(await node.book.refresh(ben.userId)).toBe(false);
    expect(node.clock.pendingTimers).toBe(0);
    expect(node.notices).toEqual([]);
  });

  test("a handler that throws at one list holds up no other", async () => {
    const eve = new ListedAccount(3, logs);
    node.onKeys = (userId) => {
      if (userId === ben.userId) throw new Error("a bug");
    };
    const reading = [node.book.refresh(ben.userId), node.book.refresh(eve.userId)];
    expect(await Promise.all(reading)).toEqual([false, true]);
    expect(await node.book.refresh(ben.userId)).toBe(true);
    expect(node.log.entries.map(({ level }) => level)).toEqual(["error"]);
  });

  test("closing ends what waits", async () => {
    const waiting = node.book.refresh(ben.userId);
    node.book.close();
    expect(await waiting).toBe(false);
    expect(await node.book.refresh(ben.userId)).toBe(false);
  });
});

describe("verified marks", () => {
  beforeEach(async () => {
    await node.book.refresh(ben.userId);
    node.book.setVerified(ben.userId, true);
  });

  test("I10: the first reading is no change; a mark is kept over a restart", async () => {
    await node.restart();
    expect(node.book.record(ben.userId)).toMatchObject({ verified: true, change: undefined });
  });

  test("I10: any change of the list takes the mark away, and tells so until it is seen", async () => {
    ben.change("add", 2, 1);
    await node.book.refresh(ben.userId);
    const change = { wasVerified: true, reset: false, added: 1, removed: 0 };
    expect(node.book.record(ben.userId)).toMatchObject({ verified: false, change });
    ben.change("remove", 1, 2);
    await node.book.refresh(ben.userId);
    await node.restart();
    expect(node.book.record(ben.userId)?.change).toMatchObject({
      wasVerified: true,
      added: 1,
      removed: 1,
    });
    node.book.acknowledgeChange(ben.userId);
    expect(node.book.record(ben.userId)).toMatchObject({ verified: false, change: undefined });
    expect(node.safety).toHaveLength(4);
  });

  test("I10: a list that begins anew is told as such", async () => {
    ben.change("reset", 3, 3);
    await node.book.refresh(ben.userId);
    expect(node.book.record(ben.userId)?.change).toMatchObject({
      wasVerified: true,
      reset: true,
      added: 1,
      removed: 1,
    });
  });

  test("I10: another password takes a mark away; where there was none it is no news", async () => {
    ben.change("password", 7, 1);
    await node.book.refresh(ben.userId);
    expect(node.book.record(ben.userId)).toMatchObject({
      verified: false,
      change: { wasVerified: true, added: 0, removed: 0 },
    });
    node.book.acknowledgeChange(ben.userId);
    ben.change("password", 8, 1);
    await node.book.refresh(ben.userId);
    expect(node.book.record(ben.userId)?.change).toBeUndefined();
  });

  test("I10: comparing anew settles the change", async () => {
    ben.change("add", 2, 1);
    await node.book.refresh(ben.userId);
    node.book.setVerified(ben.userId, true);
    expect(node.book.record(ben.userId)).toMatchObject({ verified: true, change: undefined });
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ProtocolError,
  type LinkId,
  type RosterEntry,
  type Signal,
  type UserId,
} from "../../protocol/index.ts";
import {
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  extendDeviceList,
  identityKeysOf,
  statementHash,
  type DeviceChange,
  type DeviceList,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { signedSignal } from "../links/signed-signal.ts";
import { TRUST_RETRY_MAX_MS } from "../limits.ts";
import { RosterBook } from "../roster/roster-book.ts";
import { DeviceLogs, ListedAccount, testIdentity } from "../testing/device-logs.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { linkKeysOf, LinkWorld, type LinkNode } from "../testing/link-world.ts";
import { FakePeers } from "../testing/peer-pair.ts";
import { deviceIdOf, linkIdOf, userIdOf } from "../testing/test-ids.ts";
import { rowOf, TrustNode } from "../testing/trust-world.ts";
import { idBytes } from "./device-id.ts";
import { readLog } from "./log-reading.ts";

/** A server that does what it likes with device lists: what it shows is not what it was given. */
describe("a server that lies about devices", () => {
  let logs: DeviceLogs;
  let ben: ListedAccount;
  let node: TrustNode;
  let roster: RosterBook;

  beforeEach(async () => {
    logs = new DeviceLogs();
    ben = new ListedAccount(2, logs);
    ben.change("add", 2, 1);
    node = await TrustNode.start(userIdOf(1), testIdentity(1, 1), logs);
    roster = new RosterBook(
      {
        onEntry: () => {},
        onRemoved: () => {},
        onSelf: () => {},
        onChanged: () => {},
        save: () => {},
      },
      node.book,
    );
    node.onKeys = (userId, keys) => roster.learn(userId, keys);
    await shows([ben.device(1), ben.device(2)], 2);
  });

  /** The server's rows of Ben's devices, and how long it says his list is. */
  async function shows(rows: readonly IdentityKeys[], logLength: number): Promise<void> {
    const entry: RosterEntry = {
      profile: { userId: ben.userId, userName: "ben", displayName: "Ben" },
      state: "buddies",
      nickname: "",
      group: "",
      devices: rows.map(rowOf),
      logLength,
      presence: { show: "offline", statusText: "", endpoints: [] },
    };
    roster.entryChanged(entry);
    await flushMicrotasks();
  }

  /** From now on the server hands out these statements as Ben's log. */
  function forge(statements: readonly string[]): void {
    node.connection.log = ({ of }) => ({
      logs: of.map(({ userId, after }) => ({
        userId,
        statements: statements.slice(after),
        length: statements.length,
      })),
    });
  }

  /** What the list is after these statements. */
  function after(statements: readonly string[]): DeviceList {
    const reading = readLog(emptyDeviceList(idBytes(ben.userId)), statements);
    if (reading.kind !== "read") throw new Error("the statements do not fit");
    return reading.list;
  }

  function devices(userId: UserId = ben.userId): readonly string[] {
    return roster.devicesOf(userId).map(({ deviceId }) => deviceId);
  }

  test("I8: a device that is slipped into the rows gets nothing, and no link", async () => {
    const mallory = testIdentity(66, 1);
    await shows([ben.device(1), ben.device(2), mallory], 2);
    const { deviceId } = rowOf(mallory);
    expect(devices()).toEqual([1, 2].map((n) => ben.peer(n).deviceId));
    expect(roster.permits(ben.userId, deviceId)).toBe(false);
    expect(roster.device(deviceId)).toBeUndefined();
    expect(roster.publicKeyOf({ userId: ben.userId, deviceId })).toBeUndefined();
  });

  test("I8: a device under another's id is not that device", async () => {
    const mallory = rowOf(testIdentity(66, 1));
    roster.entryChanged({
      ...entryOf(),
      devices: [{ ...mallory, deviceId: ben.peer(1).deviceId }],
    });
    // The id stands for Ben's key, whatever key the row has.
    expect(roster.publicKeyOf(ben.peer(1))).toEqual(ben.device(1).publicKey);
    expect(devices()).toEqual([ben.peer(1).deviceId]);
  });

  function entryOf(): RosterEntry {
    const entry = roster.get(ben.userId);
    if (entry === undefined) throw new Error("no entry");
    return entry;
  }

  test("I8: it can hide a device, which loses it messages and nothing else", async () => {
    await shows([ben.device(2)], 2);
    expect(devices()).toEqual([ben.peer(2).deviceId]);
    // What that device sent before can still be told whose it is.
    expect(roster.device(ben.peer(1).deviceId)).toMatchObject({ userId: ben.userId });
  });

  test("I8: a device that was taken out stays out, however often its row comes back", async () => {
    ben.change("remove", 2, 1);
    await shows([ben.device(1)], 3);
    await shows([ben.device(1), ben.device(2)], 3);
    expect(devices()).toEqual([ben.peer(1).deviceId]);
    expect(roster.permits(ben.userId, ben.peer(2).deviceId)).toBe(false);
  });

  test("I8: the statement that added a device cannot be used again after its removal", async () => {
    const added = logs.statements(ben.userId)[1] ?? "";
    ben.change("remove", 2, 1);
    await shows([ben.device(1)], 3);
    forge([...logs.statements(ben.userId), added]);
    await shows([ben.device(1), ben.device(2)], 4);
    expect(devices()).toEqual([ben.peer(1).deviceId]);
    expect(node.kinds()).toEqual(["server-untrusted"]);
  });

  /** A log that began as Ben's did, and went on otherwise. */
  function forkAfter(length: number, ...added: readonly number[]): string[] {
    const fork = logs.statements(ben.userId).slice(0, length);
    for (const n of added) fork.push(ben.statement("add", n, 1, after(fork)));
    return fork;
  }

  const rows = (...numbers: readonly number[]) => numbers.map((n) => ben.device(n));
  const peers = (...numbers: readonly number[]) => numbers.map((n) => ben.peer(n).deviceId);

  test.each([
    ["longer", [3, 4]],
    ["as long", [3]],
  ])("I9: a fork that is %s counts as a list that began anew, and is told so", async (_, added) => {
    node.book.setVerified(ben.userId, true);
    const fork = forkAfter(1, ...added);
    forge(fork);
    await shows(rows(1, ...added), fork.length);
    expect(devices()).toEqual(peers(1, ...added));
    expect(node.book.record(ben.userId)).toMatchObject({
      verified: false,
      change: { wasVerified: true, reset: true, added: added.length, removed: 1 },
    });
    expect(node.kinds()).toEqual([]);
    // From there it is read on as any other, also after a restart.
    await node.restart();
    const longer = [...fork, ben.statement("add", 5, 1, after(fork))];
    forge(longer);
    expect(await node.book.refresh(ben.userId)).toBe(true);
    expect(node.book.devices(ben.userId)).toHaveLength(added.length + 2);
    expect(node.book.record(ben.userId)?.change?.added).toBe(added.length + 1);
  });

  test("I9: so does one that is shorter; a mere beginning of the list does not", async () => {
    ben.change("add", 5, 1);
    await shows(rows(1, 2, 5), 3);
    const before = logs.statements(ben.userId);
    forge(before.slice(0, 2));
    await shows(rows(1, 2), 2);
    expect(node.kinds()).toEqual(["server-untrusted"]);
    expect(node.book.record(ben.userId)?.change?.reset).toBe(false);
    node.connection.log = (params) => logs.log(params);
    await node.signedIn(0);
    node.notices.length = 0;
    forge(forkAfter(1, 3));
    await shows(rows(1, 3), 2);
    expect(devices()).toEqual(peers(1, 3));
    expect(node.book.record(ben.userId)?.change?.reset).toBe(true);
    expect(node.kinds()).toEqual([]);
  });

  test("I9: a fork is read page by page, and nothing of it counts before its end", async () => {
    const fork = forkAfter(1, 3, 4, 5);
    const seen: (readonly string[])[] = [];
    node.connection.log = ({ of }) => {
      seen.push(devices());
      return {
        logs: of.map(({ userId, after: from }) => ({
          userId,
          statements: fork.slice(from, from + 2),
          length: fork.length,
        })),
      };
    };
    await shows(rows(1, 2, 3, 4, 5), fork.length);
    expect(seen).toEqual(Array.from({ length: 3 }, () => peers(1, 2)));
    expect(devices()).toEqual(peers(1, 3, 4, 5));
  });

  test("I9: a fork with a statement that nobody may make is not believed", async () => {
    const fork = forkAfter(1, 3);
    forge([...fork, ben.statement("add", 4, 9, after(fork))]);
    await shows(rows(1, 2, 3, 4), 3);
    expect(devices()).toEqual(peers(1, 2));
    expect(node.kinds()).toEqual(["server-untrusted"]);
    expect(node.book.record(ben.userId)?.change).toBeUndefined();
  });

  test("I9: between two branches it goes to and fro once in a session, unless one grows", async () => {
    const [first, second] = [logs.statements(ben.userId), forkAfter(1, 3)];
    forge(second);
    await node.book.refresh(ben.userId);
    forge(first);
    await node.book.refresh(ben.userId);
    const asked = node.connection.count("devices.log");
    await node.book.refresh(ben.userId);
    expect(node.connection.count("devices.log") - asked).toBe(1);
    expect(node.book.devices(ben.userId)).toMatchObject([{}, { deviceId: ben.peer(3).deviceId }]);
    expect(node.kinds()).toEqual(["server-untrusted"]);
    forge([...first, ben.statement("add", 4, 2)]);
    expect(await node.book.refresh(ben.userId)).toBe(true);
    expect(node.book.devices(ben.userId)).toHaveLength(3);
  });

  test("I9: a log of its own making is not believed", async () => {
    const mallory = new ListedAccount(2, new DeviceLogs());
    const known = logs.list(ben.userId);
    // Signed by a key that is not in the list, and by one that is in no list.
    for (const signer of [9, 8]) {
      forge([...logs.statements(ben.userId), mallory.statement("add", 9, signer, known)]);
      await shows([ben.device(1), ben.device(9)], 3);
      expect(devices()).toEqual([ben.peer(1).deviceId]);
    }
  });

  test("I9: what it says of somebody is not taken for another", async () => {
    const eve = new ListedAccount(3, logs);
    eve.change("add", 2, 1);
    node.connection.log = ({ of }) => ({
      logs: of.map(({ userId }) => ({
        userId,
        statements: [...logs.statements(eve.userId).slice(0, 2)],
        length: 2,
      })),
    });
    expect(await node.book.refresh(userIdOf(4))).toBe(false);
    expect(node.book.devices(userIdOf(4))).toEqual([]);
    expect(node.kinds()).toEqual(["server-untrusted"]);
  });

  test("I9: an older state of the log is not believed: a removed device does not come back", async () => {
    const before = logs.statements(ben.userId);
    ben.change("remove", 2, 1);
    await shows([ben.device(1)], 3);
    forge(before);
    await shows([ben.device(1), ben.device(2)], 2);
    expect(devices()).toEqual([ben.peer(1).deviceId]);
    expect(node.kinds()).toEqual(["server-untrusted"]);
    // Nor after a restart: what was known is in the store.
    await node.restart();
    await node.book.refresh(ben.userId);
    expect(node.book.devices(ben.userId)).toHaveLength(1);
    expect(node.kinds()).toEqual(["server-untrusted", "server-untrusted"]);
  });

  test("I9: what it holds back is asked for again, with pauses and not for ever", async () => {
    node.connection.log = ({ of }) => ({
      logs: of.map(({ userId }) => ({ userId, statements: [], length: 9 })),
    });
    await shows([ben.device(1), ben.device(2)], 9);
    const asked = node.connection.count("devices.log");
    await node.clock.advance(100 * TRUST_RETRY_MAX_MS);
    expect(node.connection.count("devices.log") - asked).toBeLessThan(10);
    expect(node.clock.pendingTimers).toBe(0);
    expect(devices()).toHaveLength(2);
  });

  test("I9: statements with a bit changed, and bytes that are none, are not believed", async () => {
    const good = ben.statement("add", 3, 1);
    for (const bad of [
      "A".repeat(384),
      `${good.slice(0, -1)}B`,
      `${good.slice(0, 90)}${good.slice(94)}AAAA`,
    ]) {
      forge([...logs.statements(ben.userId), bad]);
      expect(await node.book.refresh(ben.userId)).toBe(false);
      expect(node.book.devices(ben.userId)).toHaveLength(2);
    }
    forge([...logs.statements(ben.userId), good]);
    expect(await node.book.refresh(ben.userId)).toBe(true);
  });
});

/** A new device has nothing to compare with but the password, which the server does not know. */
describe("a server that invents the list for a new device", () => {
  const mallory = testIdentity(66, 1);
  const own = identityKeysOf(new Uint8Array(32).fill(66));
  let logs: DeviceLogs;
  let ada: ListedAccount;
  let real: readonly string[];

  beforeEach(() => {
    logs = new DeviceLogs();
    ada = new ListedAccount(1, logs);
    real = logs.statements(ada.userId);
  });

  /** What the server makes up, statement by statement; it checks nothing of what it hands out. */
  function invented(...changes: readonly (readonly [DeviceChange, IdentityKeys])[]): string[] {
    let list = emptyDeviceList(idBytes(ada.userId));
    return changes.map(([change, signer]) => {
      const bytes = deviceStatement(list, signer, change, 0);
      list = extendDeviceList(list, bytes) ?? {
        ...list,
        length: list.length + 1,
        head: statementHash(bytes),
      };
      return encodeBase64(bytes);
    });
  }

  /** Device 2 of Ada signs in by password at a server that shows this list. */
  async function signedIn(
    shown: readonly string[],
    device = 2,
    refuses = false,
  ): Promise<TrustNode> {
    const lying = new DeviceLogs();
    const node = await TrustNode.start(ada.userId, ada.device(device), lying);
    const appended: string[] = [];
    node.connection.log = ({ of }) => ({
      logs: of.map(({ userId, after }) => {
        const all = [...shown, ...appended];
        return { userId, statements: all.slice(after), length: all.length };
      }),
    });
    node.connection.append = ({ statements }) => {
      // Not for a moment.
      expect(believes(node)).toBe(false);
      if (refuses) throw new ProtocolError("device-list-conflict", "no");
      appended.push(...statements);
      return {};
    };
    // It may fail: then nobody is signed in.
    await node.signedIn(shown.length, ada.passwordKey, [mallory]).catch(() => {});
    return node;
  }

  const believes = (node: TrustNode) => node.book.isListed(ada.userId, mallory.publicKey);

  test("I5: the honest one's list is believed", async () => {
    const node = await signedIn(real);
    expect(node.book.devices(ada.userId)).toHaveLength(2);
  });

  test("I3: a beginning with the real password's key needs that key's word", async () => {
    const { publicKey } = ada.passwordKey;
    const passwordKeys = { publicKey, secretKey: own.secretKey };
    const subject = mallory.publicKey;
    for (const shown of [
      invented([{ type: "genesis", subject, passwordKeys }, mallory]),
      invented(
        [{ type: "genesis", subject, passwordKeys: own }, mallory],
        [{ type: "password", passwordKeys }, mallory],
      ),
      invented(
        [{ type: "genesis", subject, passwordKeys: own }, mallory],
        [{ type: "reset", subject, passwordKeys }, mallory],
      ),
    ]) {
      expect(readLog(emptyDeviceList(idBytes(ada.userId)), shown).kind).toBe("broken");
      expect(believes(await signedIn(shown))).toBe(false);
    }
  });

  test.each([2, 1])(
    "I6: of a list that another password endorses device %s takes nothing",
    async (n) => {
      const subject = mallory.publicKey;
      const shown = invented(
        [{ type: "genesis", subject, passwordKeys: own }, mallory],
        // A place in it is no reason to believe it.
        [{ type: "add", subject: ada.device(1).publicKey }, mallory],
      );
      const node = await signedIn(shown, n);
      expect(node.book.list(ada.userId)).toMatchObject({
        devices: [ada.device(n).publicKey],
        passwordKey: ada.passwordKey.publicKey,
        resets: 1,
      });
      expect(node.kinds()).toContain("own-devices-changed");
    },
  );

  test("I6: where it takes no other list the sign-in fails, and nothing is believed later either", async () => {
    const subject = mallory.publicKey;
    const shown = invented(
      [{ type: "genesis", subject, passwordKeys: own }, mallory],
      [{ type: "add", subject: ada.device(2).publicKey }, mallory],
    );
    const node = await signedIn(shown, 2, true);
    expect(believes(node)).toBe(false);
    expect(node.book.devices(ada.userId)).toEqual([]);
    expect(node.keys).toEqual([]);
    await node.restart();
    expect(believes(node)).toBe(false);
    expect(node.book.list(ada.userId)).toBeUndefined();
  });
});

/** A server in the middle of the signals: it reads and writes all of them. */
describe("a server that would stand in the middle of a direct link", () => {
  let clock: FakeClock;
  let world: LinkWorld;
  let peers: FakePeers;
  let a: LinkNode;
  let b: LinkNode;

  beforeEach(async () => {
    clock = new FakeClock();
    world = new LinkWorld(clock);
    peers = new FakePeers();
    a = await world.add(1, peers);
    b = await world.add(2, peers);
  });

  afterEach(async () => {
    await world.dispose();
    await flushMicrotasks();
    expect(peers.living.filter((channel) => channel.options.iceServers.length === 0)).toEqual([]);
  });

  /** What the server does with every signal; undefined drops it. */
  function meddle(change: (signal: Signal, linkId: LinkId) => Signal | undefined): void {
    world.server.script("signal.send", ({ to, linkId, signal }, client) => {
      const changed = change(signal, linkId);
      const from = client.identity();
      if (changed !== undefined) {
        world.server.clients.get(to)?.event("signal.received", { from, linkId, signal: changed });
      }
      return {};
    });
  }

  async function bothWant(): Promise<void> {
    a.links.setWanted([b.peer]);
    b.links.setWanted([a.peer]);
    await clock.advance(2_000);
  }

  /** No direct link came about, and what is said goes by relay. */
  async function expectRelayOnly(): Promise<void> {
    expect([...a.opened, ...b.opened]).toEqual([]);
    expect(a.links.direct(b.peer.deviceId)).toBeUndefined();
    const relay = await a.links.relay(b.peer);
    relay.send(Uint8Array.of(1, 2, 3));
    await flushMicrotasks();
    expect(b.frames.map(({ link, frame }) => [link.kind, ...frame])).toEqual([["relay", 1, 2, 3]]);
  }

  test("I11: an honest one is not in the way", async () => {
    meddle((signal) => signal);
    await bothWant();
    expect(a.links.direct(b.peer.deviceId)).toBeDefined();
    expect([...a.forged, ...b.forged]).toEqual([]);
  });

  test.each(["offer", "answer"] as const)(
    "I11: with the fingerprint of an %s replaced by its own no link opens",
    async (type) => {
      // Its own end of WebRTC, as good as any.
      let middle: string | undefined;
      const own = peers.create(
        { initiator: true, iceServers: [{ urls: ["the middle"] }] },
        {
          onSignal: (signal) => {
            if (signal.type !== "candidate") middle = signal.sdp;
          },
          onOpen: () => {
            throw new Error("the middle is connected");
          },
          onMessage: () => {},
          onDrain: () => {},
          onClose: () => {},
        },
      );
      await flushMicrotasks();
      meddle((signal) =>
        signal.type === type && middle !== undefined ? { ...signal, sdp: middle } : signal,
      );
      await bothWant();
      await expectRelayOnly();
      const deceived = type === "offer" ? b : a;
      expect(deceived.forged.length).toBeGreaterThan(0);
      // Nothing of it came as far as WebRTC.
      const descriptions = peers.channels
        .flatMap(({ received }) => received)
        .filter((signal) => signal.type === type);
      expect(descriptions).toEqual([]);
      own.close();
    },
  );

  test("I11: signed by a key of its own is as bad", async () => {
    meddle((signal, linkId) => {
      if (signal.type !== "offer") return signal;
      const route = { linkId, from: a.peer.deviceId, to: b.peer.deviceId };
      return signedSignal(linkKeysOf(66), route, { type: "offer", sdp: signal.sdp });
    });
    await bothWant();
    await expectRelayOnly();
    expect(b.forged[0]).toEqual(a.peer);
  });

  test("I11: a description of an earlier attempt is worth nothing in another", async () => {
    let old: Signal | undefined;
    meddle((signal) => {
      if (signal.type !== "offer") return signal;
      old ??= signal;
      return old === signal ? undefined : old;
    });
    await bothWant();
    // The first was lost; every later one is replaced by it.
    b.links.setWanted([]);
    b.links.setWanted([a.peer]);
    await clock.advance(60_000);
    await expectRelayOnly();
    expect(b.forged.length).toBeGreaterThan(0);
  });

  test("I11: a description for one device is worth nothing at another", async () => {
    const c = await world.add(3, peers);
    meddle(() => undefined);
    let taken: { readonly linkId: LinkId; readonly signal: Signal } | undefined;
    world.server.script("signal.send", ({ linkId, signal }) => {
      if (signal.type === "offer") taken ??= { linkId, signal };
      return {};
    });
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    if (taken === undefined) throw new Error("no offer");
    world.server.clients.get(c.peer.deviceId)?.event("signal.received", { from: a.peer, ...taken });
    await clock.advance(2_000);
    expect(c.opened).toEqual([]);
    expect(c.forged).toEqual([a.peer]);
    a.links.setWanted([]);
  });

  test("I11: an offer told as an answer, or as somebody else's, is worth nothing", async () => {
    let offered: { readonly linkId: LinkId; readonly signal: Signal } | undefined;
    meddle((signal, linkId) => {
      if (signal.type !== "offer") return undefined;
      offered = { linkId, signal };
      return undefined;
    });
    a.links.setWanted([b.peer]);
    await flushMicrotasks();
    if (offered?.signal.type !== "offer") throw new Error("no offer");
    const { linkId, signal } = offered;
    const atA = world.server.clients.get(a.peer.deviceId);
    atA?.event("signal.received", {
      from: b.peer,
      linkId,
      signal: { ...signal, type: "answer" },
    });
    const stranger = { userId: userIdOf(0), deviceId: deviceIdOf(0) };
    world.server.clients.get(b.peer.deviceId)?.event("signal.received", {
      from: stranger,
      linkId,
      signal,
    });
    await flushMicrotasks();
    expect(a.forged).toEqual([b.peer]);
    expect(b.forged).toEqual([stranger]);
    expect([...a.opened, ...b.opened]).toEqual([]);
    a.links.setWanted([]);
  });

  test("I11: a forged offer ends nothing that is open", async () => {
    meddle((signal) => signal);
    await bothWant();
    const link = b.links.direct(a.peer.deviceId);
    world.server.clients.get(b.peer.deviceId)?.event("signal.received", {
      from: a.peer,
      linkId: linkIdOf(77),
      signal: { type: "offer", sdp: "v=0 0", signature: `${"A".repeat(86)}==` },
    });
    await flushMicrotasks();
    expect(b.links.direct(a.peer.deviceId)).toBe(link);
    expect(b.forged).toEqual([a.peer]);
  });
});

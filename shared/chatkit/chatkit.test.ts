import { expect, test } from "vitest";
import * as v from "valibot";
import {
  DeviceHello,
  Profile,
  ProtocolError,
  type MethodName,
  type RosterEntry,
  type TransportAddress,
  type UserId,
} from "../protocol/index.ts";
import { decodeBase64, encodeBase64, identityKeysOf } from "../crypto/index.ts";
import type { ChatKitEvents, Message, Notice } from "./api.ts";
import { ChatKit } from "./chatkit.ts";
import { ADDRESSES_EVERY_MS } from "./connection/address-watch.ts";
import { SUSPECT_TIMEOUT_MS } from "./connection/heartbeat.ts";
import { CLOCK_TOLERANCE_MS, EXAMINATION_MS } from "./limits.ts";
import { ListedAccount } from "./testing/device-logs.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { MemoryStores } from "./testing/memory-store.ts";
import { FakePeers } from "./testing/peer-pair.ts";
import { ScriptedServer } from "./testing/scripted-server.ts";
import { deviceIdOf, userIdOf } from "./testing/test-ids.ts";
import { fakePasswords, MemoryLog, seededRandom } from "./testing/test-ports.ts";
import { deviceIdOfKey } from "./trust/device-id.ts";

const password = "correct horse";

class Bench {
  readonly clock = new FakeClock();
  readonly server = new ScriptedServer(this.clock);
  readonly stores = new MemoryStores();
  readonly notices: Notice[] = [];
  /** The host's own. */
  addresses: readonly TransportAddress[] = [];
  readonly #people = new Map<number, ListedAccount>();
  #seed = 0;

  /** Somebody with one device, which their list names. */
  person(n: number): ListedAccount {
    const person = this.#people.get(n) ?? new ListedAccount(n, this.server.logs);
    this.#people.set(n, person);
    return person;
  }

  entryOf(n: number, change: Partial<RosterEntry> = {}): RosterEntry {
    const person = this.person(n);
    const publicKey = encodeBase64(person.device(1).publicKey);
    return {
      profile: { userId: userIdOf(n), userName: `user-${n}`, displayName: `User ${n}` },
      state: "buddies",
      nickname: "",
      group: "",
      devices: [{ deviceId: person.peer(1).deviceId, name: "test", publicKey }],
      logLength: 1,
      presence: { show: "offline", statusText: "", endpoints: [] },
      ...change,
    };
  }

  kit(server = "http://host:8080"): ChatKit {
    const kit = new ChatKit({
      server,
      host: { client: { name: "test", version: "1" }, deviceName: "test" },
      ports: {
        clock: this.clock,
        random: seededRandom(++this.#seed),
        sockets: this.server.sockets,
        peers: new FakePeers(),
        stores: this.stores,
        log: new MemoryLog(),
        passwords: fakePasswords,
        localAddresses: () => this.addresses,
      },
    });
    kit.on("notice", (notice) => this.notices.push(notice));
    return kit;
  }

  /** Runs a call to its end; it may need timers. */
  async run<T>(call: Promise<T>): Promise<T> {
    // The outcome is the caller's; here only the clock is moved meanwhile.
    call.catch(() => undefined);
    await this.clock.advance(20);
    return await call;
  }

  async signedIn(): Promise<ChatKit> {
    const kit = this.kit();
    await this.run(kit.signIn({ userName: "Ada", password }));
    return kit;
  }

  async buddy(n: number, change: Partial<RosterEntry> = {}): Promise<UserId> {
    for (const client of this.server.clients.values()) {
      client.event("roster.changed", { entry: this.entryOf(n, change) });
    }
    await this.clock.advance(20);
    return userIdOf(n);
  }

  /** What the device told of itself in the first request of that name. */
  hello(of: MethodName): DeviceHello {
    const request = this.server.requests.find(({ method }) => method === of);
    return v.parse(v.object({ device: DeviceHello }), request?.params).device;
  }
}

function collect<E extends keyof ChatKitEvents>(kit: ChatKit, event: E): ChatKitEvents[E][] {
  const events: ChatKitEvents[E][] = [];
  kit.on(event, (payload) => events.push(payload));
  return events;
}

test("K1: calls reject with a reason, whether it is the engine's or the server's", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  const id = userIdOf(5);
  await expect(kit.roster.add("ben")).rejects.toMatchObject({ reason: "not-open" });
  await expect(kit.conversations.withPeer(id)).rejects.toMatchObject({ reason: "not-open" });
  await expect(kit.signOut()).rejects.toMatchObject({ reason: "not-open" });
  bench.server.script("session.signInFinish", () => {
    throw new ProtocolError("wrong-credential", "no");
  });
  await expect(bench.run(kit.signIn({ userName: "ada", password }))).rejects.toMatchObject({
    name: "ChatKitError",
    reason: "wrong-credential",
    retryable: false,
  });
  expect(kit.self).toBeUndefined();
  await expect(bench.kit("ftp://x").signIn({ userName: "a", password })).rejects.toMatchObject({
    reason: "invalid-server",
  });
  await kit.close();
  await kit.close();
  await expect(kit.signIn({ userName: "ada", password })).rejects.toMatchObject({
    reason: "closed",
  });
});

test("K2: signing in shows oneself; one account is open at a time", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  const connection = collect(kit, "connection");
  const self = await bench.run(kit.signIn({ userName: "Ada", password }));
  const { publicKey } = bench.hello("session.signInFinish");
  const deviceId = deviceIdOfKey(decodeBase64(publicKey));
  expect(self).toMatchObject({ deviceId, show: "online" });
  expect(kit.self).toEqual(self);
  expect(connection.map(({ state }) => state)).toEqual(["connecting", "online"]);
  await expect(kit.signIn({ userName: "ben", password })).rejects.toMatchObject({
    reason: "already-open",
  });
  await kit.close();
});

test("K2, K3: a restored session has the same device and keys, the roster and the history", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5, { nickname: "Benny" });
  const deviceId = kit.self?.deviceId;
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  await kit.close();

  const again = bench.kit();
  expect(await again.restore("ADA")).toBe(true);
  expect(again.self?.deviceId).toBe(deviceId);
  expect(again.roster.get(ben)?.nickname).toBe("Benny");
  expect(again.conversations.list()).toMatchObject([
    { title: "Benny", unread: 0, last: { own: true, delivery: { state: "queued" } } },
  ]);
  expect((await again.history(conversationId)).map(({ body }) => body)).toEqual([
    { type: "text", text: "hello" },
  ]);
  await bench.clock.advance(20);
  expect(again.connection.state).toBe("online");
  const { publicKey } = bench.hello("session.signInFinish");
  expect(bench.hello("session.prove")).toMatchObject({ publicKey });
  expect(again.roster.entries()).toEqual([]);
  expect(again.conversations.list()[0]?.title).toBe("Benny");
  await again.close();
});

test("I12: who comes back is who it was, whatever the server says", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const self = kit.self;
  const mallory = bench.person(5);
  const { publicKey } = mallory.device(1);
  // Another account's devices as one's own: whatever is sent would be sealed for them, too.
  bench.server.twist = (session) => ({
    ...session,
    profile: { ...session.profile, userId: userIdOf(5) },
    logLength: 1,
    devices: [
      ...session.devices,
      {
        deviceId: deviceIdOfKey(publicKey),
        name: "phone",
        publicKey: encodeBase64(publicKey),
        addedAt: 0,
        lastSeen: 0,
      },
    ],
  });
  bench.server.lastEnd?.close(1001, "");
  await bench.clock.advance(20);
  kit.reconnectNow();
  await bench.clock.advance(20);
  expect(kit.connection.state).toBe("waiting");
  expect(kit.self).toEqual(self);
  expect(bench.notices).toContainEqual(expect.objectContaining({ kind: "server-untrusted" }));

  bench.server.twist = (session) => ({ ...session, deviceId: deviceIdOf(7) });
  kit.reconnectNow();
  await bench.clock.advance(20);
  expect(kit.connection.state).toBe("waiting");
  bench.server.twist = (session) => session;
  kit.reconnectNow();
  await bench.clock.advance(20);
  expect(kit.connection.state).toBe("online");

  const profile = { userId: userIdOf(5), userName: "ada", displayName: "Ada" };
  for (const client of bench.server.clients.values()) {
    client.event("self.changed", { profile, devices: [], show: "away", statusText: "" });
  }
  await bench.clock.advance(20);
  expect(kit.self).toEqual(self);
  await kit.close();
});

test("I12: a sign-in that could not be finished leaves no session behind", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  bench.server.script("devices.append", () => {
    throw new ProtocolError("device-list-conflict", "no");
  });
  await expect(bench.run(kit.signIn({ userName: "ada", password }))).rejects.toMatchObject({
    name: "ChatKitError",
  });
  expect(await kit.restore("ada")).toBe(false);
  await kit.close();
});

test("K3: restore is false where nothing is saved", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  expect(await kit.restore("nobody")).toBe(false);
  expect(kit.connection).toEqual({ state: "idle" });
  await kit.close();
});

test("K4: signing out keeps the history; the session is gone", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  await bench.run(kit.signOut());
  expect(kit.connection).toEqual({ state: "signed-out", reason: "by-user" });
  expect(kit.self).toBeUndefined();
  expect(await kit.restore("ada")).toBe(false);
  await using store = await bench.stores.open("http://host:8080/ada");
  expect(await store.messages(conversationId, { limit: 10 })).toHaveLength(1);
});

test("K4: forgetting the device deletes history, keys and session", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  await bench.run(kit.signOut({ forgetDevice: true }));
  expect(bench.server.requests).toContainEqual({
    method: "session.signOut",
    params: { forgetDevice: true },
  });
  await using store = await bench.stores.open("http://host:8080/ada");
  expect(await store.messages(conversationId, { limit: 10 })).toEqual([]);
  expect(await store.outbox()).toEqual([]);
  expect(await store.conversations()).toEqual([]);
  expect((await store.values("")).size).toBe(0);
});

test("K4: what is left of an account whose session is over is erased without it, its keys or the server", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  const other = bench.kit();
  await expect(other.erase("ada")).rejects.toMatchObject({ reason: "store-failed" });
  await bench.run(kit.signOut());
  {
    await using store = await bench.stores.open("http://host:8080/ada");
    await store.commit([{ type: "put-value", key: "device/secret", value: "damaged" }]);
  }
  const asked = bench.server.requests.length;
  await other.erase("Ada");
  expect(bench.server.requests).toHaveLength(asked);
  await using store = await bench.stores.open("http://host:8080/ada");
  expect(await store.messages(conversationId, { limit: 10 })).toEqual([]);
  expect(await store.conversations()).toEqual([]);
  expect((await store.values("")).size).toBe(0);
});

test("K4: a session that the server ended leaves the history open, and a new sign-in possible", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  bench.server.lastEnd?.close(4002, "revoked");
  await bench.clock.advance(20);
  expect(kit.connection).toMatchObject({ state: "signed-out", reason: "session-ended" });
  expect(await kit.history(conversationId)).toHaveLength(1);
  await bench.run(kit.signIn({ userName: "ada", password }));
  expect(kit.connection.state).toBe("online");
  await kit.close();
});

test("K5: a wrong clock is told, once", async () => {
  const bench = new Bench();
  const { now } = bench.server.info();
  bench.server.info = () => ({
    ...ScriptedServer.prototype.info.call(bench.server),
    now: now + CLOCK_TOLERANCE_MS + 60_000,
  });
  const kit = await bench.signedIn();
  bench.server.lastEnd?.close(1001, "restart");
  await bench.clock.advance(60_000);
  expect(kit.connection.state).toBe("online");
  expect(bench.notices.filter(({ kind }) => kind === "clock-differs")).toHaveLength(1);
  await kit.close();
});

test("K6: links are wanted with buddies who are online, and stay while the server is away", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const online = (n: number): Partial<RosterEntry> => ({
    presence: {
      show: "online",
      statusText: "",
      endpoints: [
        {
          deviceId: bench.person(n).peer(1).deviceId,
          observed: { address: "192.0.2.1", port: 1 },
          local: [],
          client: { name: "test", version: "1" },
        },
      ],
    },
  });
  await bench.buddy(6, online(6));
  await bench.buddy(5, online(5));
  await bench.buddy(7);
  await bench.buddy(8, { ...online(8), state: "pending" });
  const both = [5, 6].map((n) => bench.person(n).peer(1).deviceId).toSorted();
  const wanted = (): unknown[] =>
    kit
      .links()
      .map(({ deviceId }) => deviceId)
      .toSorted();
  expect(wanted()).toEqual(both);
  bench.server.lastEnd?.close(1001, "restart");
  await bench.clock.advance(1);
  expect(wanted()).toEqual(both);
  await kit.close();
});

test("W11: a handler that throws harms no other, and is told", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  kit.on("roster", () => {
    throw new Error("a bug of the host's");
  });
  const entries = collect(kit, "roster");
  await bench.buddy(5);
  expect(entries).toHaveLength(1);
  expect(bench.notices).toMatchObject([{ kind: "handler-failed" }]);
  await kit.close();
});

test("a subscription ends when its function is called", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const entries: RosterEntry[] = [];
  const end = kit.on("roster", (entry) => entries.push(entry));
  await bench.buddy(5);
  end();
  await bench.buddy(6);
  expect(entries).toHaveLength(1);
  await kit.close();
});

test("C3: messages go to buddies with devices only, and are neither empty nor too long", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const stranger = userIdOf(9);
  await expect(kit.conversations.withPeer(stranger)).rejects.toMatchObject({
    reason: "not-buddies",
  });
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  const refused = async (text: string): Promise<unknown> =>
    await kit.send(conversationId, text).catch((error: unknown) => error);
  expect(await refused(" \n\t")).toMatchObject({ reason: "empty-text" });
  expect(await refused("x".repeat(10_001))).toMatchObject({ reason: "text-too-long" });
  await bench.buddy(5, { devices: [] });
  expect(await refused("hello")).toMatchObject({ reason: "no-such-device" });
  await bench.buddy(5, { state: "blocked", devices: [] });
  expect(await refused("hello")).toMatchObject({ reason: "not-buddies" });
  expect(await kit.history(conversationId)).toEqual([]);
  await kit.close();
});

test("D11: what waits for a buddy who is removed fails with that reason", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const changed: Message[] = collect(kit, "messageChanged");
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  const { id } = await kit.send(conversationId, "hello");
  for (const client of bench.server.clients.values()) {
    client.event("roster.removed", { userId: ben });
  }
  await bench.clock.advance(20);
  expect(changed.at(-1)).toMatchObject({
    id,
    delivery: { state: "failed", reason: "not-buddies" },
  });
  expect(kit.conversations.get(conversationId)).toMatchObject({
    title: "User 5",
    last: { delivery: { state: "failed" } },
  });
  await kit.close();
});

test("C5: the conversation talked in last comes first, and history comes in pages", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ids = [];
  for (const n of [5, 6, 7]) {
    const { conversationId } = await kit.conversations.withPeer(await bench.buddy(n));
    ids.push(conversationId);
    await kit.send(conversationId, `to ${n}`);
    await bench.clock.advance(5);
  }
  const [first, second, third] = ids;
  if (first === undefined || second === undefined || third === undefined) throw new Error("no ids");
  for (let n = 0; n < 5; n++) await kit.send(first, `more ${n}`);
  expect(kit.conversations.list().map((one) => one.conversationId)).toEqual([first, third, second]);
  const last = await kit.history(first, { limit: 2 });
  expect(last.map(({ body }) => body)).toMatchObject([{ text: "more 3" }, { text: "more 4" }]);
  const before = await kit.history(first, { before: last[0]?.order ?? "", limit: 2 });
  expect(before.map(({ body }) => body)).toMatchObject([{ text: "more 1" }, { text: "more 2" }]);
  await kit.close();
});

test("roster calls ask the server, and show its answer at once", async () => {
  const bench = new Bench();
  bench.server.script("roster.add", () => bench.entryOf(5, { state: "requested", devices: [] }));
  bench.server.script("roster.accept", () => bench.entryOf(5));
  bench.server.script("roster.update", ({ nickname }) =>
    bench.entryOf(5, { nickname: nickname ?? "" }),
  );
  bench.server.script("roster.remove", () => ({}));
  const kit = await bench.signedIn();
  const userId = userIdOf(5);
  expect(await bench.run(kit.roster.add("user-5"))).toMatchObject({ state: "requested" });
  expect(kit.roster.get(userId)?.state).toBe("requested");
  await bench.run(kit.roster.accept(userId));
  expect(kit.roster.get(userId)?.state).toBe("buddies");
  await bench.run(kit.roster.update(userId, { nickname: "Benny" }));
  expect(kit.roster.entries()).toMatchObject([{ nickname: "Benny" }]);
  const removed = collect(kit, "rosterRemoved");
  await bench.run(kit.roster.remove(userId));
  expect(removed).toEqual([userId]);
  expect(kit.roster.entries()).toEqual([]);
  await kit.close();
});

test("closing releases every timer and the store", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const ben = await bench.buddy(5);
  const { conversationId } = await kit.conversations.withPeer(ben);
  await kit.send(conversationId, "hello");
  await bench.clock.advance(500);
  await bench.run(kit.close());
  expect(bench.clock.pendingTimers).toBe(0);
  await using store = await bench.stores.open("http://host:8080/ada");
  expect(await store.outbox()).toHaveLength(1);
});

test("K1: closing does not wait for a sign-in that gets no answer", async () => {
  const bench = new Bench();
  bench.server.script("session.signInFinish", () => "never");
  const kit = bench.kit();
  const entering = kit.signIn({ userName: "ada", password });
  const refused = expect(entering).rejects.toMatchObject({ reason: "closed" });
  await bench.clock.advance(20);
  await bench.run(kit.close());
  await refused;
  expect(bench.clock.pendingTimers).toBe(0);
});

test("K6: no link is begun with a device that the roster does not know yet", async () => {
  const bench = new Bench();
  const kit = await bench.signedIn();
  const client = { name: "test", version: "1" };
  const observed = { address: "127.0.0.1", port: 1 };
  const endpoints = [{ deviceId: deviceIdOf(7), observed, local: [], client }];
  await bench.buddy(5, { presence: { show: "online", statusText: "", endpoints } });
  expect(kit.links()).toEqual([]);
  await bench.run(kit.close());
});

test("K6: whoever appears offline begins no links with buddies, but for direct messages alone", async () => {
  const bench = new Bench();
  bench.server.twist = (session) => ({ ...session, show: "offline" });
  const kit = await bench.signedIn();
  const self = v.parse(v.object({ profile: Profile }), kit.self);
  const online = async (n: number): Promise<void> => {
    const { deviceId } = bench.person(n).peer(1);
    const client = { name: "test", version: "1" };
    const endpoint = { deviceId, observed: { address: "127.0.0.1", port: 1 }, local: [], client };
    await bench.buddy(n, { presence: { show: "online", statusText: "", endpoints: [endpoint] } });
  };
  await online(5);
  await online(6);
  await bench.run(kit.network.setRoute(userIdOf(5), "relay-only"));
  await bench.clock.advance(1_000);
  expect(kit.links()).toEqual([]);
  expect(bench.server.count("signal.send")).toBe(0);

  // Whoever is examined is spoken to.
  const examined = kit.network.examine(userIdOf(6));
  await bench.clock.advance(20);
  expect(kit.links().map(({ userId }) => userId)).toEqual([userIdOf(6)]);
  await bench.clock.advance(EXAMINATION_MS);
  expect(await examined).toHaveLength(1);
  await bench.clock.advance(20);
  expect(kit.links()).toEqual([]);

  await bench.run(kit.network.setRoute(userIdOf(6), "direct-only"));
  expect(kit.links().map(({ userId }) => userId)).toEqual([userIdOf(6)]);

  for (const client of bench.server.clients.values()) {
    client.event("self.changed", { ...self, devices: [], show: "online", statusText: "" });
  }
  const told = bench.server.count("signal.send");
  await bench.clock.advance(20);
  expect(bench.server.count("signal.send")).toBeGreaterThan(told);
  await bench.run(kit.network.setRoute(userIdOf(5), "automatic"));
  expect(kit.links().map(({ userId }) => userId)).toContain(userIdOf(5));
  await bench.run(kit.close());
});

test("A2, I4: registering begins the account's device list with this device", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  const self = await bench.run(kit.register({ userName: "Ada", password, displayName: "Ada L." }));
  const { publicKey } = bench.hello("account.registerFinish");
  const list = bench.server.logs.list(self.profile.userId);
  expect(list.devices.map(encodeBase64)).toEqual([publicKey]);
  expect(bench.server.count("devices.append")).toBe(0);
  await bench.run(kit.close());
});

test("A9: a changed password's key stands in the device list", async () => {
  const bench = new Bench();
  const { logs } = bench.server;
  bench.server.script("account.passwordStart", () => ({ response: "AAAA", nextResponse: "AAAA" }));
  let conflicts = 1;
  bench.server.script("account.passwordFinish", ({ statement }, client) => {
    // Another device was faster, once.
    if (conflicts-- > 0) throw new ProtocolError("device-list-conflict", "no");
    logs.append(client.identity().userId, [statement]);
    return {};
  });
  const kit = bench.kit();
  const self = await bench.run(kit.register({ userName: "ada", password }));
  const before = logs.list(self.profile.userId).passwordKey;
  await bench.run(kit.changePassword(password, "battery staple"));
  const after = logs.list(self.profile.userId);
  expect(after.length).toBe(2);
  expect(after.passwordKey).not.toEqual(before);
  await expect(kit.changePassword(password, "short")).rejects.toMatchObject({
    reason: "invalid-params",
  });
  await bench.run(kit.close());
});

test("A1: a password that is too short is not sent, since the server cannot see it", async () => {
  const bench = new Bench();
  const kit = bench.kit();
  const registering = kit.register({ userName: "ada", password: "short" });
  await expect(bench.run(registering)).rejects.toMatchObject({ reason: "invalid-params" });
  expect(bench.server.requests).toEqual([]);
  await kit.close();
});

test("K2: the device's key is sealed in the store, also one that an older version kept as it was", async () => {
  const bench = new Bench();
  const seed = encodeBase64(seededRandom(77).bytes(32));
  const value = async (): Promise<string | undefined> => {
    await using store = await bench.stores.open("http://host:8080/ada");
    return await store.value("device/secret");
  };
  {
    await using store = await bench.stores.open("http://host:8080/ada");
    await store.commit([{ type: "put-value", key: "device/secret", value: seed }]);
  }
  const kit = await bench.signedIn();
  await bench.run(kit.close());
  const sealed = await value();
  expect(sealed).not.toBe(seed);
  const { publicKey } = bench.hello("session.signInFinish");
  expect(publicKey).toBe(encodeBase64(identityKeysOf(decodeBase64(seed)).publicKey));

  const again = bench.kit();
  expect(await again.restore("ada")).toBe(true);
  await bench.clock.advance(20);
  expect(bench.hello("session.prove").publicKey).toBe(publicKey);
  await bench.run(again.close());
  expect(await value()).toBe(sealed);

  {
    await using store = await bench.stores.open("http://host:8080/ada");
    await store.commit([{ type: "put-value", key: "device/secret", value: "no key" }]);
  }
  await expect(bench.kit().restore("ada")).rejects.toMatchObject({ reason: "store-failed" });
});

test("L13: other addresses of the host are told, and make a dead connection begin anew", async () => {
  const bench = new Bench();
  const told: unknown[] = [];
  bench.server.script("endpoint.update", ({ local }) => {
    told.push(local);
    return {};
  });
  const kit = await bench.signedIn();
  bench.addresses = [{ address: "192.0.2.7", port: 0 }];
  await bench.clock.advance(ADDRESSES_EVERY_MS);
  expect(told).toEqual([bench.addresses]);
  expect(bench.server.count("session.ping")).toBe(1);
  expect(kit.connection.state).toBe("online");

  const socket = bench.server.sockets.connections.at(-1);
  socket?.silence();
  bench.addresses = [{ address: "198.51.100.7", port: 0 }];
  // And a moment for what was just sent to leave.
  await bench.clock.advance(ADDRESSES_EVERY_MS + SUSPECT_TIMEOUT_MS + 100);
  expect(socket?.closedByClient).toBeDefined();
  await bench.clock.advance(2_000);
  expect(kit.connection.state).toBe("online");
  expect(bench.server.sockets.connections.at(-1)).not.toBe(socket);
  // The silent one never says that it has gone.
  const closing = kit.close();
  await bench.clock.advance(5_000);
  await closing;
});

import { expect, test } from "vitest";
import * as v from "valibot";
import {
  DeviceId,
  MessageId,
  ProtocolError,
  UserId,
  type ErrorName,
} from "../../../shared/protocol/index.ts";
import { conversationContract } from "./conversation-contract.ts";
import { deliveryContract } from "./delivery-contract.ts";
import type { DeviceLogExtension, MailboxDeposit, RosterRow, Store } from "../store.ts";

const ada = v.parse(UserId, id("u", 1));
const ben = v.parse(UserId, id("u", 2));
const cyd = v.parse(UserId, id("u", 3));
const nobody = v.parse(UserId, id("u", 9));
const adaLaptop = v.parse(DeviceId, id("d", 1));
const benLaptop = v.parse(DeviceId, id("d", 2));
const benPhone = v.parse(DeviceId, id("d", 3));
const noDevice = v.parse(DeviceId, id("d", 9));
const quota = { bytes: 1_000_000, envelopes: 1000 };
const wholeBox = { after: 0, maxItems: 100, maxBytes: 1_000_000 };

function id(kind: string, n: number): string {
  return `${kind}${String(n).padStart(20, "0")}A`;
}

function messageId(n: number): MessageId {
  return v.parse(MessageId, id("m", n));
}

function extension(after: number, change: Partial<DeviceLogExtension> = {}): DeviceLogExtension {
  const statements = [new Uint8Array(222).fill(after)];
  return { after, statements, list: new Uint8Array(100).fill(after), ...change };
}

async function sessionEnds(store: Store, deviceId: DeviceId): Promise<number | undefined> {
  return (await store.devices.get(deviceId))?.sessionEnds;
}

function deposit(n: number, change: Partial<MailboxDeposit> = {}): MailboxDeposit {
  return {
    id: messageId(n),
    to: benLaptop,
    from: { userId: ada, deviceId: adaLaptop },
    storedAt: 1000 + n,
    envelope: new Uint8Array(100).fill(n % 256),
    ...change,
  };
}

function row(owner: UserId, peer: UserId, change: Partial<RosterRow> = {}): RosterRow {
  return {
    owner,
    peer,
    state: "buddies",
    nickname: "",
    group: "",
    hideAddresses: false,
    ...change,
  };
}

async function addAccount(store: Store, userId: UserId, userName: string): Promise<void> {
  const account = { userId, userName, displayName: userName, credential: `c-${userName}`, now: 5 };
  await store.accounts.create(account);
}

async function addDevice(store: Store, userId: UserId, deviceId: DeviceId): Promise<void> {
  const device = { deviceId, userId, name: "machine", publicKey: "key", now: 7, sessionEnds: 100 };
  await store.devices.signIn(device, 8);
}

/** Ada with a laptop, Ben with a laptop and a phone, Cyd with nothing. */
async function addPeople(store: Store): Promise<void> {
  await addAccount(store, ada, "ada");
  await addAccount(store, ben, "ben");
  await addAccount(store, cyd, "cyd");
  await addDevice(store, ada, adaLaptop);
  await addDevice(store, ben, benLaptop);
  await addDevice(store, ben, benPhone);
}

async function expectRefusal(step: Promise<unknown>, errorName: ErrorName): Promise<void> {
  await expect(step).rejects.toSatisfy(
    (error) => error instanceof ProtocolError && error.errorName === errorName,
    errorName,
  );
}

/**
 * What every implementation of `Store` does. Call it inside a `describe`; `open` gives an empty
 * store, which disposing closes.
 */
export function storeContract(open: () => Promise<Store>): void {
  accountContract(open);
  deviceContract(open);
  secretContract(open);
  rosterContract(open);
  mailboxContract(open);
  inviteContract(open);
  deliveryContract(open);
  conversationContract(open);
  auditContract(open);

  test("all is well with a store that was used", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put([deposit(1), deposit(2)], quota);
    await store.mailbox.acknowledge(benLaptop, [1]);
    expect(await store.check()).toEqual([]);
  });

  test("a write that fails leaves the others of its tick alone", async () => {
    await using store = await open();
    await addAccount(store, ada, "ada");
    const results = await Promise.allSettled([
      addAccount(store, ben, "ben"),
      addAccount(store, cyd, "ada"),
      store.accounts.setDisplayName(ada, "Ada L."),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await store.accounts.byId(ben))?.userName).toBe("ben");
    expect(await store.accounts.byId(cyd)).toBeUndefined();
    expect((await store.accounts.byId(ada))?.displayName).toBe("Ada L.");
  });

  test("a read sees the writes before it, also those of its tick", async () => {
    await using store = await open();
    const writing = addAccount(store, ada, "ada");
    expect((await store.accounts.byName("ada"))?.userId).toBe(ada);
    await writing;
  });
}

function accountContract(open: () => Promise<Store>): void {
  test("an account is found by id and by any spelling of its name", async () => {
    await using store = await open();
    const created = await store.accounts.create({
      userId: ada,
      userName: "Ada",
      displayName: "Ada Lovelace",
      credential: "secret",
      now: 42,
    });
    expect(created).toEqual({
      userId: ada,
      userName: "Ada",
      displayName: "Ada Lovelace",
      credential: "secret",
      disabled: false,
      show: "online",
      statusText: "",
      createdAt: 42,
      lastSeen: undefined,
    });
    expect(await store.accounts.byId(ada)).toEqual(created);
    expect(await store.accounts.byName(" aDA ")).toEqual(created);
    expect(await store.accounts.byName("\uff21da")).toEqual(created);
    expect(await store.accounts.byName("ben")).toBeUndefined();
    expect(await store.accounts.byId(nobody)).toBeUndefined();
  });

  test("no two accounts have one name, however it is spelt", async () => {
    await using store = await open();
    await addAccount(store, ada, "ada");
    await expectRefusal(addAccount(store, ben, "ADA"), "user-name-taken");
    expect(await store.accounts.byId(ben)).toBeUndefined();
  });

  test("accounts are listed in the order of creation, a page at a time", async () => {
    await using store = await open();
    await addAccount(store, cyd, "cyd");
    await addAccount(store, ada, "ada");
    await addAccount(store, ben, "ben");
    const first = await store.accounts.list({ limit: 2 });
    expect(first.map(({ userName }) => userName)).toEqual(["cyd", "ada"]);
    const second = await store.accounts.list({ after: ada, limit: 2 });
    expect(second.map(({ userName }) => userName)).toEqual(["ben"]);
  });

  test("what an account holds can be changed", async () => {
    await using store = await open();
    await addAccount(store, ada, "ada");
    await store.accounts.setCredential(ada, "new");
    await store.accounts.setDisplayName(ada, "爱达 \u{1f469}\u200d\u{1f4bb}");
    await store.accounts.setPresence(ada, "busy", "away 'til 9; DROP TABLE accounts");
    await store.accounts.setLastSeen(ada, 99);
    expect(await store.accounts.byId(ada)).toMatchObject({
      credential: "new",
      displayName: "爱达 \u{1f469}\u200d\u{1f4bb}",
      show: "busy",
      statusText: "away 'til 9; DROP TABLE accounts",
      lastSeen: 99,
    });
  });

  test("changing an account that does not exist is refused", async () => {
    await using store = await open();
    const { accounts } = store;
    await expectRefusal(accounts.setCredential(nobody, "x"), "no-such-user");
    await expectRefusal(accounts.setDisplayName(nobody, "x"), "no-such-user");
    await expectRefusal(accounts.setPresence(nobody, "away", ""), "no-such-user");
    // Whoever was removed while online is seen to leave afterwards.
    await accounts.setLastSeen(nobody, 1);
    expect(await accounts.remove(nobody)).toBe(false);
    await expectRefusal(accounts.setDisabled(nobody, true), "no-such-user");
  });

  test("a removed account leaves nothing behind, and the others as they were", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put([deposit(1), deposit(2, { to: adaLaptop })], quota);
    await store.roster.change([
      { type: "put", row: row(ada, ben) },
      { type: "put", row: row(ben, ada) },
    ]);
    expect(await store.accounts.remove(ben)).toBe(true);
    expect(await store.accounts.byName("ben")).toBeUndefined();
    expect(await store.devices.get(benLaptop)).toBeUndefined();
    expect(await store.mailbox.count(benLaptop)).toBe(0);
    expect(await store.mailbox.count(adaLaptop)).toBe(1);
    expect(await store.roster.of(ada)).toEqual([]);
    expect(await store.devices.ofUser(ada)).toHaveLength(1);
    expect(await store.check()).toEqual([]);
    // The name is free again.
    await addAccount(store, nobody, "ben");
  });

  test("disabling an account ends its sessions, and only its own", async () => {
    await using store = await open();
    await addPeople(store);
    await store.accounts.setDisabled(ben, true);
    expect((await store.accounts.byId(ben))?.disabled).toBe(true);
    expect(await sessionEnds(store, benLaptop)).toBeUndefined();
    expect(await sessionEnds(store, adaLaptop)).toBe(100);
    await expectRefusal(addDevice(store, ben, benLaptop), "account-disabled");
    await store.accounts.setDisabled(ben, false);
    expect((await store.accounts.byId(ben))?.disabled).toBe(false);
  });

  test("an account begins with a device and its list, or not at all", async () => {
    await using store = await open();
    await addAccount(store, ada, "ada");
    await addDevice(store, ada, adaLaptop);
    const account = { userId: ben, userName: "ben", displayName: "B", credential: "x", now: 5 };
    const first = { name: "m", publicKey: "k", sessionEnds: 100, extension: extension(0) };
    await expectRefusal(
      store.accounts.create({ ...account, first: { ...first, deviceId: adaLaptop } }),
      "wrong-device-key",
    );
    expect(await store.accounts.byId(ben)).toBeUndefined();
    await store.accounts.create({ ...account, first: { ...first, deviceId: benLaptop } });
    expect(await store.devices.get(benLaptop)).toEqual({
      deviceId: benLaptop,
      userId: ben,
      name: "m",
      publicKey: "k",
      addedAt: 5,
      lastSeen: 5,
      sessionEnds: 100,
    });
    expect((await store.deviceLogs.head(ben))?.length).toBe(1);
  });

  test("a new credential ends sessions; one changed by a device, all but that one's", async () => {
    await using store = await open();
    await addPeople(store);
    const change = { userId: ben, credential: "new", deviceId: benPhone };
    await store.deviceLogs.append(ben, extension(0));
    await expectRefusal(
      store.accounts.changeCredential({ ...change, extension: extension(0) }),
      "device-list-conflict",
    );
    expect((await store.accounts.byId(ben))?.credential).toBe("c-ben");
    await store.accounts.changeCredential({ ...change, extension: extension(1) });
    expect((await store.accounts.byId(ben))?.credential).toBe("new");
    expect((await store.deviceLogs.head(ben))?.length).toBe(2);
    expect(await sessionEnds(store, benPhone)).toBe(100);
    expect(await sessionEnds(store, benLaptop)).toBeUndefined();
    await store.accounts.setCredential(ben, "newer");
    expect(await sessionEnds(store, benPhone)).toBeUndefined();
    expect(await sessionEnds(store, adaLaptop)).toBe(100);
  });

  test("an invitation is used up by creating accounts, one use each", async () => {
    await using store = await open();
    await store.invites.create({ code: "in", createdAt: 1, expiresAt: 100, usesLeft: 2 });
    const account = { displayName: "x", credential: "x", now: 50, invite: "in" };
    await store.accounts.create({ ...account, userId: ada, userName: "ada" });
    expect((await store.invites.list()).map(({ usesLeft }) => usesLeft)).toEqual([1]);
    // A name that is taken costs no use.
    await expectRefusal(
      store.accounts.create({ ...account, userId: ben, userName: "ada" }),
      "user-name-taken",
    );
    await store.accounts.create({ ...account, userId: ben, userName: "ben" });
    await expectRefusal(
      store.accounts.create({ ...account, userId: cyd, userName: "cyd" }),
      "invite-invalid",
    );
    expect(await store.invites.list()).toEqual([]);
    expect(await store.accounts.byId(cyd)).toBeUndefined();
  });

  test("an expired or unknown invitation creates nothing", async () => {
    await using store = await open();
    await store.invites.create({ code: "old", createdAt: 1, expiresAt: 10, usesLeft: 1 });
    const account = { userId: ada, userName: "ada", displayName: "a", credential: "x", now: 10 };
    await expectRefusal(store.accounts.create({ ...account, invite: "old" }), "invite-invalid");
    await expectRefusal(store.accounts.create({ ...account, invite: "none" }), "invite-invalid");
    expect(await store.accounts.byId(ada)).toBeUndefined();
  });
}

function deviceContract(open: () => Promise<Store>): void {
  test("a device is added, signs in anew, is listed and removed", async () => {
    await using store = await open();
    await addPeople(store);
    const device = { deviceId: benPhone, userId: ben, name: "new", publicKey: "key" };
    expect(await store.devices.signIn({ ...device, now: 9, sessionEnds: 200 }, 8)).toBe(false);
    expect(await store.devices.get(benPhone)).toEqual({
      ...device,
      name: "machine",
      addedAt: 7,
      lastSeen: 9,
      sessionEnds: 200,
    });
    expect(await store.devices.rename(ada, benPhone, "mine")).toBe(false);
    expect(await store.devices.rename(ben, benPhone, "new")).toBe(true);
    expect((await store.devices.get(benPhone))?.name).toBe("new");
    const names = (await store.devices.ofUser(ben)).map(({ deviceId }) => deviceId);
    expect(names).toEqual([benLaptop, benPhone]);
    await store.devices.remove(benPhone);
    await store.devices.remove(benPhone);
    expect(await store.devices.get(benPhone)).toBeUndefined();
    expect(await store.devices.ofUser(nobody)).toEqual([]);
  });

  test("an account has at most so many devices; a known one is never too many", async () => {
    await using store = await open();
    await addPeople(store);
    const device = { userId: ben, name: "x", publicKey: "k", now: 1, sessionEnds: 9 };
    await expectRefusal(
      store.devices.signIn({ ...device, deviceId: noDevice }, 2),
      "too-many-devices",
    );
    await store.devices.signIn({ ...device, deviceId: benPhone }, 2);
  });

  test("a device of one account is not taken over by another", async () => {
    await using store = await open();
    await addPeople(store);
    await expectRefusal(addDevice(store, ada, benPhone), "wrong-device-key");
    expect(await store.devices.get(benPhone)).toMatchObject({ userId: ben, sessionEnds: 100 });
  });

  test("a device needs an account", async () => {
    await using store = await open();
    await expectRefusal(addDevice(store, nobody, noDevice), "no-such-user");
  });

  test("with a device goes its mailbox, and nobody else's", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put([deposit(1, { to: benPhone }), deposit(1)], quota);
    await store.devices.remove(benPhone);
    expect(await store.mailbox.count(benPhone)).toBe(0);
    expect(await store.mailbox.count(benLaptop)).toBe(1);
    expect(await store.mailbox.put([deposit(2, { to: benPhone })], quota)).toEqual([
      "no-such-device",
    ]);
    expect(await store.check()).toEqual([]);
  });

  test("a session is extended while it lives, and ended for a device or for all", async () => {
    await using store = await open();
    await addPeople(store);
    await store.devices.extend(benPhone, { now: 20, sessionEnds: 300 });
    expect(await store.devices.get(benPhone)).toMatchObject({ lastSeen: 20, sessionEnds: 300 });
    await store.devices.endSession(benPhone);
    await store.devices.extend(benPhone, { now: 30, sessionEnds: 400 });
    expect(await store.devices.get(benPhone)).toMatchObject({
      lastSeen: 20,
      sessionEnds: undefined,
    });
    expect(await sessionEnds(store, benLaptop)).toBe(100);
    await store.devices.endSessionsOf(ben);
    expect(await sessionEnds(store, benLaptop)).toBeUndefined();
    expect(await sessionEnds(store, adaLaptop)).toBe(100);
  });
}

function secretContract(open: () => Promise<Store>): void {
  test("a secret is made once", async () => {
    await using store = await open();
    expect(await store.secrets.get("one", () => "first")).toBe("first");
    expect(await store.secrets.get("one", () => "second")).toBe("first");
    expect(await store.secrets.get("other", () => "second")).toBe("second");
    const both = ["a", "b"].map((made) => store.secrets.get("third", () => made));
    expect(new Set(await Promise.all(both)).size).toBe(1);
  });
}

function rosterContract(open: () => Promise<Store>): void {
  test("both sides of a relation change together, or not at all", async () => {
    await using store = await open();
    await addPeople(store);
    await store.roster.change([
      { type: "put", row: row(ada, ben, { nickname: "B", group: "Friends" }) },
      { type: "put", row: row(ben, ada, { state: "pending" }) },
    ]);
    expect(await store.roster.row(ada, ben)).toEqual(
      row(ada, ben, { nickname: "B", group: "Friends" }),
    );
    expect((await store.roster.row(ben, ada))?.state).toBe("pending");
    await expectRefusal(
      store.roster.change([
        { type: "remove", owner: ada, peer: ben },
        { type: "put", row: row(ada, nobody) },
      ]),
      "no-such-user",
    );
    expect(await store.roster.row(ada, ben)).toBeDefined();
    await store.roster.change([
      { type: "remove", owner: ada, peer: ben },
      { type: "remove", owner: ben, peer: ada },
    ]);
    expect(await store.roster.row(ada, ben)).toBeUndefined();
    expect(await store.roster.count(ben)).toBe(0);
  });

  test("buddies are those of whom both sides say so", async () => {
    await using store = await open();
    await addPeople(store);
    await store.roster.change([
      { type: "put", row: row(ada, ben) },
      { type: "put", row: row(ben, ada, { state: "blocked" }) },
      { type: "put", row: row(ada, cyd) },
      { type: "put", row: row(cyd, ada) },
    ]);
    expect(await store.roster.buddies(ada)).toEqual([cyd]);
    expect(await store.roster.buddies(ben)).toEqual([]);
    expect(await store.roster.buddies(cyd)).toEqual([ada]);
    expect(await store.roster.count(ada)).toBe(2);
  });

  test("R8: a row says from whom addresses are kept, and the peer's view says it too", async () => {
    await using store = await open();
    await addPeople(store);
    await store.roster.change([
      { type: "put", row: row(ada, ben, { hideAddresses: true }) },
      { type: "put", row: row(ben, ada) },
      { type: "put", row: row(ada, cyd) },
    ]);
    expect((await store.roster.row(ada, ben))?.hideAddresses).toBe(true);
    expect(await store.roster.hiddenFrom(ada)).toEqual([ben]);
    expect(await store.roster.hiddenFrom(ben)).toEqual([]);
    expect((await store.roster.view(ben, ada))?.addressesHidden).toBe(true);
    expect((await store.roster.of(ada)).map((view) => view.addressesHidden)).toEqual([
      false,
      false,
    ]);
    await store.roster.change([{ type: "put", row: row(ada, ben) }]);
    expect(await store.roster.hiddenFrom(ada)).toEqual([]);
    expect((await store.roster.view(ben, ada))?.addressesHidden).toBe(false);
  });

  test("a view shows the peer, with devices for buddies only", async () => {
    await using store = await open();
    await addPeople(store);
    await store.accounts.setPresence(ben, "away", "lunch");
    await store.accounts.setLastSeen(ben, 77);
    await store.roster.change([
      { type: "put", row: row(ada, ben) },
      { type: "put", row: row(cyd, ben, { state: "requested" }) },
    ]);
    const peer = {
      userId: ben,
      userName: "ben",
      displayName: "ben",
      show: "away",
      statusText: "lunch",
      lastSeen: 77,
    };
    const devices = [
      { deviceId: benLaptop, name: "machine", publicKey: "key" },
      { deviceId: benPhone, name: "machine", publicKey: "key" },
    ];
    expect(await store.roster.of(ada)).toEqual([
      { row: row(ada, ben), peer, devices, logLength: 0, addressesHidden: false },
    ]);
    expect(await store.roster.view(ada, ben)).toEqual({
      row: row(ada, ben),
      peer,
      devices,
      logLength: 0,
      addressesHidden: false,
    });
    expect(await store.roster.view(cyd, ben)).toEqual({
      row: row(cyd, ben, { state: "requested" }),
      peer,
      devices: [],
      logLength: 0,
      addressesHidden: false,
    });
    expect(await store.roster.view(ben, ada)).toBeUndefined();
    expect(await store.roster.of(ben)).toEqual([]);
  });
}

function mailboxContract(open: () => Promise<Store>): void {
  test("an envelope waits until its own device acknowledges it", async () => {
    await using store = await open();
    await addPeople(store);
    expect(await store.mailbox.put([deposit(1), deposit(2)], quota)).toEqual(["stored", "stored"]);
    const { items, more } = await store.mailbox.fetch(benLaptop, wholeBox);
    expect(more).toBe(false);
    expect(items.map(({ id }) => id)).toEqual([messageId(1), messageId(2)]);
    expect(items[0]).toMatchObject({
      from: { userId: ada, deviceId: adaLaptop },
      storedAt: 1001,
    });
    expect(Array.from(items[1]?.envelope ?? [])).toEqual(Array.from(deposit(2).envelope));
    const [first, second] = items.map(({ position }) => position);
    if (first === undefined || second === undefined) throw new Error("two envelopes wait");

    await store.mailbox.acknowledge(benPhone, [first]);
    await store.mailbox.acknowledge(noDevice, [first]);
    expect(await store.mailbox.count(benLaptop)).toBe(2);
    await store.mailbox.acknowledge(benLaptop, [first, first, 999_999]);
    expect(await store.mailbox.count(benLaptop)).toBe(1);
    const rest = await store.mailbox.fetch(benLaptop, wholeBox);
    expect(rest.items.map(({ position }) => position)).toEqual([second]);
    expect(await store.mailbox.fetch(noDevice, wholeBox)).toEqual({ items: [], more: false });
    expect(await store.check()).toEqual([]);
  });

  test("acknowledging out of order leaves what lies between", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put(
      [1, 2, 3, 4, 5].map((n) => deposit(n)),
      quota,
    );
    const { items } = await store.mailbox.fetch(benLaptop, wholeBox);
    const at = items.map(({ position }) => position);
    const waiting = async (): Promise<number[]> => {
      const page = await store.mailbox.fetch(benLaptop, wholeBox);
      return page.items.map(({ position }) => at.indexOf(position) + 1);
    };
    await store.mailbox.acknowledge(benLaptop, at.slice(1, 2));
    expect(await waiting()).toEqual([1, 3, 4, 5]);
    await store.mailbox.acknowledge(benLaptop, [...at.slice(3, 4), ...at.slice(0, 1)]);
    expect(await waiting()).toEqual([3, 5]);
    await store.mailbox.acknowledge(benLaptop, at);
    await store.mailbox.put([deposit(6)], quota);
    expect((await store.mailbox.fetch(benLaptop, wholeBox)).items).toHaveLength(1);
  });

  test("an id that the device has, or had, from the same device is a duplicate", async () => {
    await using store = await open();
    await addPeople(store);
    expect(await store.mailbox.put([deposit(1), deposit(1)], quota)).toEqual([
      "stored",
      "duplicate",
    ]);
    expect(await store.mailbox.put([deposit(1)], quota)).toEqual(["duplicate"]);
    expect(await store.mailbox.put([deposit(1, { to: benPhone })], quota)).toEqual(["stored"]);
    const { items } = await store.mailbox.fetch(benLaptop, wholeBox);
    await store.mailbox.acknowledge(
      benLaptop,
      items.map(({ position }) => position),
    );
    expect(await store.mailbox.put([deposit(1)], quota)).toEqual(["duplicate"]);
    expect(await store.mailbox.count(benLaptop)).toBe(0);
  });

  test("an id is not taken from its sender by somebody who uses it first", async () => {
    await using store = await open();
    await addPeople(store);
    const from = { userId: ben, deviceId: benPhone };
    await store.mailbox.put([deposit(1, { from })], quota);
    expect(await store.mailbox.put([deposit(1)], quota)).toEqual(["stored"]);
  });

  test("positions only grow, also when all was acknowledged", async () => {
    await using store = await open();
    await addPeople(store);
    let newest = 0;
    for (const n of [1, 2, 3]) {
      await store.mailbox.put([deposit(n)], quota);
      const { items } = await store.mailbox.fetch(benLaptop, { ...wholeBox, after: newest });
      expect(items).toHaveLength(1);
      const position = items[0]?.position ?? 0;
      expect(position).toBeGreaterThan(newest);
      newest = position;
      await store.mailbox.acknowledge(benLaptop, [position]);
    }
  });

  test("a mailbox is paged by count and by bytes, one envelope at least", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put(
      [1, 2, 3, 4].map((n) => deposit(n)),
      quota,
    );
    const byCount = await store.mailbox.fetch(benLaptop, { ...wholeBox, maxItems: 3 });
    expect(byCount.items).toHaveLength(3);
    expect(byCount.more).toBe(true);
    const after = byCount.items.at(-1)?.position ?? 0;
    const last = await store.mailbox.fetch(benLaptop, { after, maxItems: 3, maxBytes: 1 });
    expect(last.items.map(({ id }) => id)).toEqual([messageId(4)]);
    expect(last.more).toBe(false);
    const byBytes = await store.mailbox.fetch(benLaptop, { ...wholeBox, maxBytes: 250 });
    expect(byBytes.items).toHaveLength(2);
    expect(byBytes.more).toBe(true);
    const tiny = await store.mailbox.fetch(benLaptop, { ...wholeBox, maxBytes: 1 });
    expect(tiny.items).toHaveLength(1);
    const beyond = await store.mailbox.fetch(benLaptop, {
      ...wholeBox,
      after: Number.MAX_SAFE_INTEGER,
    });
    expect(beyond).toEqual({ items: [], more: false });
  });

  test("a full mailbox refuses by count and by bytes, and takes again after acknowledgement", async () => {
    await using store = await open();
    await addPeople(store);
    const two = { bytes: 1_000_000, envelopes: 2 };
    expect(await store.mailbox.put([deposit(1), deposit(2), deposit(3)], two)).toEqual([
      "stored",
      "stored",
      "mailbox-full",
    ]);
    // What is there already is there, full or not; other devices have mailboxes of their own.
    expect(await store.mailbox.put([deposit(1), deposit(3, { to: benPhone })], two)).toEqual([
      "duplicate",
      "stored",
    ]);
    const small = { bytes: 250, envelopes: 1000 };
    expect(await store.mailbox.put([deposit(4)], small)).toEqual(["mailbox-full"]);
    const { items } = await store.mailbox.fetch(benLaptop, wholeBox);
    await store.mailbox.acknowledge(
      benLaptop,
      items.map(({ position }) => position),
    );
    expect(await store.mailbox.put([deposit(4)], small)).toEqual(["stored"]);
  });

  test("an unknown device has no mailbox", async () => {
    await using store = await open();
    await addPeople(store);
    const outcomes = await store.mailbox.put([deposit(1, { to: noDevice }), deposit(1)], quota);
    expect(outcomes).toEqual(["no-such-device", "stored"]);
    expect(await store.mailbox.count(noDevice)).toBe(0);
  });

  test("an envelope without a byte is refused", async () => {
    await using store = await open();
    await addPeople(store);
    const hollow = deposit(1, { envelope: new Uint8Array() });
    await expectRefusal(store.mailbox.put([deposit(2), hollow], quota), "invalid-params");
    expect(await store.mailbox.count(benLaptop)).toBe(0);
  });

  test("old envelopes and old ids go with age", async () => {
    await using store = await open();
    await addPeople(store);
    await store.mailbox.put(
      [1, 2, 3].map((n) => deposit(n)),
      quota,
    );
    const { items } = await store.mailbox.fetch(benLaptop, { ...wholeBox, maxItems: 1 });
    await store.mailbox.acknowledge(
      benLaptop,
      items.map(({ position }) => position),
    );
    expect(await store.mailbox.removeBefore(1003)).toBe(1);
    expect(await store.mailbox.removeBefore(1003)).toBe(0);
    const left = await store.mailbox.fetch(benLaptop, wholeBox);
    expect(left.items.map(({ id }) => id)).toEqual([messageId(3)]);
    expect(await store.mailbox.put([deposit(1), deposit(3)], quota)).toEqual([
      "stored",
      "duplicate",
    ]);
    expect(await store.check()).toEqual([]);
  });
}

function inviteContract(open: () => Promise<Store>): void {
  test("H6 invitations are created, listed by their first letters, and revoked", async () => {
    await using store = await open();
    const one = { createdAt: 1, expiresAt: undefined, usesLeft: 3 };
    const two = { createdAt: 2, expiresAt: 99, usesLeft: 1 };
    await store.invites.create({ ...one, code: "0ne1-5678" });
    await store.invites.create({ ...two, code: "2wa2-5678" });
    expect(await store.invites.list()).toEqual([
      { ...one, label: "0ne1" },
      { ...two, label: "2wa2" },
    ]);
    expect(await store.invites.revoke("oNEi 5678")).toBe(true);
    expect(await store.invites.revoke("0ne1-5678")).toBe(false);
    expect(await store.invites.revoke("2wa2")).toBe(true);
    expect(await store.invites.list()).toEqual([]);
  });

  test("letters that two invitations begin with revoke neither", async () => {
    await using store = await open();
    const invite = { createdAt: 1, expiresAt: undefined, usesLeft: 3 };
    await store.invites.create({ ...invite, code: "same-1" });
    await store.invites.create({ ...invite, code: "same-2" });
    expect(await store.invites.revoke("same")).toBe(false);
    expect(await store.invites.list()).toHaveLength(2);
  });

  test("expired invitations are removed", async () => {
    await using store = await open();
    await store.invites.create({ code: "a", createdAt: 1, expiresAt: 10, usesLeft: 1 });
    await store.invites.create({ code: "b", createdAt: 1, expiresAt: 11, usesLeft: 1 });
    await store.invites.create({ code: "c", createdAt: 1, expiresAt: undefined, usesLeft: 1 });
    expect(await store.invites.removeExpired(10)).toBe(1);
    expect((await store.invites.list()).map(({ label }) => label)).toEqual(["b", "c"]);
  });

  test("an invitation that exists, or has no use, is refused", async () => {
    await using store = await open();
    const invite = { code: "one", createdAt: 1, expiresAt: undefined, usesLeft: 3 };
    await store.invites.create(invite);
    await expectRefusal(store.invites.create(invite), "invite-invalid");
    await expectRefusal(
      store.invites.create({ ...invite, code: "two", usesLeft: 0 }),
      "invite-invalid",
    );
  });
}

function auditContract(open: () => Promise<Store>): void {
  test("H8 the audit log is read in pages, from a time on, oldest first", async () => {
    await using store = await open();
    const first = { at: 1, actor: "server", action: "started" };
    const second = {
      at: 2,
      actor: ada,
      address: "192.0.2.1",
      action: "signed-in",
      subject: "ada",
      detail: "by password",
    };
    await store.audit.append(first);
    await store.audit.append(second);
    const all = await store.audit.list({ after: 0, since: 0, limit: 10 });
    expect(all).toEqual([
      { seq: 1, ...first },
      { seq: 2, ...second },
    ]);
    expect(await store.audit.list({ after: 1, since: 0, limit: 10 })).toHaveLength(1);
    expect(await store.audit.list({ after: 0, since: 2, limit: 10 })).toHaveLength(1);
    expect(await store.audit.list({ after: 0, since: 0, limit: 1 })).toHaveLength(1);
  });

  test("H8 the audit log keeps what is new, up to a number", async () => {
    await using store = await open();
    for (let at = 1; at <= 6; at++) {
      await store.audit.append({ at, actor: "server", action: "started" });
    }
    expect(await store.audit.trim(3, 3)).toBe(3);
    const left = await store.audit.list({ after: 0, since: 0, limit: 10 });
    expect(left.map(({ at }) => at)).toEqual([4, 5, 6]);
    // A number that was used is not used again.
    expect(await store.audit.trim(100, 3)).toBe(3);
    await store.audit.append({ at: 101, actor: "server", action: "started" });
    expect((await store.audit.list({ after: 0, since: 0, limit: 1 }))[0]?.seq).toBe(7);
  });
}

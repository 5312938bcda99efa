import { signal } from "@preact/signals";
import { expect, test, vi } from "vitest";
import type { UserId } from "../../../shared/protocol/index.ts";
import { createI18n, type Language } from "../i18n/i18n.ts";
import type { Platform, PlatformNotification } from "../platform/platform.ts";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import { FakeKit, type FakeOptions } from "../testing/fake-kit.ts";
import { labId } from "../testing/fake-group-talk.ts";
import { conversationId, message, userId } from "../testing/fake-people.ts";
import { AppLock } from "./app-lock.ts";
import { AppModel, type Phase } from "./app-model.ts";
import { attend } from "./attention.ts";
import { loadSettings } from "./settings.ts";
import type { WindowLock, WindowLocks } from "./window-lock.ts";

const account = { server: "https://chat.example", userName: "ada" };

/** The accounts' locks, as windows share them. */
class FakeLocks implements WindowLocks {
  readonly #holders = new Map<string, () => Promise<void>>();
  get held(): readonly string[] {
    return [...this.#holders.keys()];
  }
  async claim(name: string, onLost: () => Promise<void>): Promise<WindowLock | undefined> {
    return this.#holders.has(name) ? undefined : this.#hold(name, onLost);
  }
  async takeOver(name: string, onLost: () => Promise<void>): Promise<WindowLock> {
    await this.#holders.get(name)?.();
    return this.#hold(name, onLost);
  }
  #hold(name: string, onLost: () => Promise<void>): WindowLock {
    this.#holders.set(name, onLost);
    return {
      release: () => {
        if (this.#holders.get(name) === onLost) this.#holders.delete(name);
      },
    };
  }
}

async function open(
  remembered: Partial<Record<string, unknown>>,
  {
    locks = new FakeLocks(),
    kit = {},
    host = {},
    prepare = () => undefined,
  }: {
    locks?: FakeLocks;
    kit?: FakeOptions;
    host?: Partial<Platform>;
    prepare?: (kit: FakeKit) => void;
  } = {},
) {
  const stored = new Map(Object.entries(remembered));
  const shown: PlatformNotification[] = [];
  const withdrawn: string[] = [];
  const titles: string[] = [];
  const platform: Platform = {
    kind: "browser",
    client: { name: "test", version: "0" },
    deviceName: "test",
    defaultServer: "",
    takeInviteLink: () => undefined,
    readSetting: async (key) => stored.get(key),
    writeSetting: async (key, value) => void stored.set(key, value),
    readDraft: () => "",
    writeDraft: () => undefined,
    clearDrafts: () => undefined,
    setUnread: (_count, title) => void titles.push(title),
    notificationPermission: () => "granted",
    requestNotifications: async () => "granted",
    notify: (notification) => void shown.push(notification),
    withdraw: (tag) => void withdrawn.push(tag),
    onNotificationClick: () => () => undefined,
    localAddresses: () => [],
    ...host,
  };
  const settings = await loadSettings(platform, ["en"]);
  const lock = await AppLock.load({
    platform,
    now: () => 0,
    randomBytes: (length) => new Uint8Array(length),
    hash: async (passphrase) => new TextEncoder().encode(passphrase.padEnd(32, "-")),
  });
  const kits: FakeKit[] = [];
  const model = new AppModel({
    platform,
    settings,
    i18n: createI18n(signal<Language>("en")),
    locks,
    lock,
    createKit() {
      const made = new FakeKit(kit);
      prepare(made);
      kits.push(made);
      return made;
    },
  });
  await model.start();
  return { model, lock, kits, stored, shown, withdrawn, titles, locks };
}

const kind = (model: AppModel): Phase["kind"] => model.phase.value.kind;

test("nothing remembered: asks to sign in; a sign-in is remembered", async () => {
  const { model, stored } = await open({}, { kit: { signedIn: false } });
  expect(kind(model)).toBe("sign-in");
  await model.signIn({ ...account, password: "correct horse" });
  expect(kind(model)).toBe("main");
  expect(stored.get("accounts")).toMatchObject({ list: [account] });
  expect(stored.get("server")).toBe(account.server);
});

test("a refused sign-in closes its engine, frees the account and stays at the form", async () => {
  const { model, kits, locks, stored } = await open({}, { kit: { signedIn: false } });
  await expect(model.signIn({ ...account, password: "wrong-password" })).rejects.toMatchObject({
    reason: "wrong-credential",
  });
  expect(kits.map(({ closed }) => closed)).toEqual([true]);
  expect(locks.held).toEqual([]);
  expect(stored.has("accounts")).toBe(false);
  expect(kind(model)).toBe("sign-in");
});

test("a remembered account is restored; without a session the form comes", async () => {
  expect(kind((await open({ account })).model)).toBe("main");
  const { model, kits } = await open({ account }, { kit: { signedIn: false } });
  expect(kind(model)).toBe("sign-in");
  expect(kits[0]?.closed).toBe(true);
});

test("a second window waits, then takes the account; the first pauses and lets go", async () => {
  const locks = new FakeLocks();
  const first = await open({ account }, { locks });
  const second = await open({ account }, { locks });
  expect(kind(second.model)).toBe("elsewhere");
  expect(second.kits).toEqual([]);
  await second.model.useHere(account);
  expect([kind(first.model), kind(second.model)]).toEqual(["elsewhere", "main"]);
  expect(first.kits[0]?.closed).toBe(true);
});

test("a second window takes an account that the first is still opening: one has it in the end", async () => {
  const locks = new FakeLocks();
  const read = Promise.withResolvers<boolean>();
  const opening = open(
    { account },
    { locks, prepare: (kit) => (kit.restore = () => read.promise) },
  );
  await vi.waitFor(() => expect(locks.held).toHaveLength(1));
  const second = await open({ account }, { locks });
  const taken = second.model.useHere(account);
  read.resolve(true);
  await taken;
  const first = await opening;
  expect([kind(first.model), kind(second.model)]).toEqual(["elsewhere", "main"]);
  expect(first.kits[0]?.closed).toBe(true);
});

test("signing out forgets the account here", async () => {
  const { model, stored, locks } = await open({ account });
  await model.signOut(true);
  expect(kind(model)).toBe("sign-in");
  expect(stored.get("accounts")).toEqual({ list: [] });
  expect(locks.held).toEqual([]);
});

test("where an administrator allows one server only, accounts of others stay closed and none is added", async () => {
  const policy = { file: "/p", ignored: [], off: [], fixed: [], server: "https://work.example" };
  const { model, kits, stored } = await open({ account }, { host: { policy } });
  expect(kind(model)).toBe("sign-in");
  expect(kits).toEqual([]);
  await expect(model.signIn({ ...account, password: "correct" })).rejects.toMatchObject({
    reason: "invalid-server",
  });
  // Not forgotten: the policy may change again.
  expect(stored.get("accounts")).toMatchObject({ list: [account] });
  const allowed = { ...policy, server: `${account.server}/` };
  expect(kind((await open({ account }, { host: { policy: allowed } })).model)).toBe("main");
});

test("a damaged setting is the default", async () => {
  const { model } = await open({ account: { server: 1 }, theme: "pink", language: "xx" });
  expect(kind(model)).toBe("sign-in");
  expect(model.settings.theme.value).toBe("system");
  expect(model.settings.language.value).toBe("en");
});

test("title counts unread; a hidden window notifies of others' messages only", async () => {
  const { model, kits, shown, titles } = await open({ account }, { kit: { unread: { 2: 3 } } });
  let hidden = true;
  attend(model, () => hidden);
  const kit = kits[0];
  if (kit === undefined) throw new Error("no engine");
  await Promise.resolve();
  expect(titles.at(-1)).toBe("(3) Beeline");
  const from = message(1, 900, [0, false, "Hi"], Date.now());
  kit.receive(from);
  await Promise.resolve();
  expect(titles.at(-1)).toBe("(4) Beeline");
  kit.receive({ ...from, own: true, from: userId(0) });
  hidden = false;
  kit.receive(from);
  expect(shown).toEqual([
    { title: "Grace Hopper", body: "Hi", tag: `${userId(0)}/${conversationId(1)}`, actions: true },
  ]);
});

test("in a group a notification says who wrote where, and who is mentioned with all", async () => {
  const { model, kits, shown } = await open({ account }, { kit: { groups: true } });
  attend(model, () => true);
  const said = { ...message(1, 950, [0, false, "@all Hi"], Date.now()), conversationId: labId };
  kits[0]?.receive({ ...said, from: userId(31) });
  const mentions = [{ userId: EVERYBODY, start: 0, length: 4 }];
  kits[0]?.receive({ ...said, body: { type: "text", text: "@all Hi", mentions } });
  const note = { type: "membership", change: "leave", by: userId(2) } as const;
  kits[0]?.receive({ ...said, body: note });
  expect(shown.map(({ title }) => title)).toEqual([
    "Harbour lab – Teodora Lind",
    "Harbour lab – Grace Hopper mentioned you",
  ]);
});

test("a notification is taken back once its conversation is read, here or elsewhere", async () => {
  const { model, kits, shown, withdrawn } = await open({ account });
  attend(model, () => true);
  const kit = kits[0];
  kit?.receive(message(1, 900, [0, false, "Hi"], Date.now()));
  kit?.receive(message(1, 901, [0, false, "Are you there?"], Date.now()));
  expect(shown).toHaveLength(2);
  expect(withdrawn).toEqual([]);
  await kit?.conversations.markRead(conversationId(1));
  await kit?.conversations.markRead(conversationId(1));
  expect(withdrawn).toEqual([`${userId(0)}/${conversationId(1)}`]);
});

test("of two people who are asked for at once, the last one is shown", async () => {
  const { model, kits } = await open({ account });
  const [shown] = model.opened.value;
  const first = Promise.withResolvers<void>();
  const { conversations } = kits[0] ?? new FakeKit();
  const quick = { ...conversations };
  Object.assign(conversations, {
    withPeer: async (peer: UserId) => {
      if (peer === userId(1)) await first.promise;
      return await quick.withPeer(peer);
    },
  });
  const slow = shown?.openPeer(userId(1));
  await shown?.openPeer(userId(2));
  first.resolve();
  await slow;
  expect(shown?.open.value?.peer).toBe(userId(2));
});

const second = { server: "https://other.example", userName: "ada" };
const two = { accounts: { list: [account, second], shown: "https://other.example|ada" } };

test("several accounts are open at once; the one shown last is shown, the badge sums all", async () => {
  const { model, kits, titles, stored } = await open(two, { kit: { unread: { 2: 3 } } });
  expect(model.opened.value).toHaveLength(2);
  expect(model.shownSlot.value?.remembered).toEqual(second);
  attend(model, () => false);
  await Promise.resolve();
  expect(titles.at(-1)).toBe("(6) Beeline");
  kits[1]?.receive(message(1, 900, [0, false, "Hi"], Date.now()));
  await Promise.resolve();
  expect(titles.at(-1)).toBe("(7) Beeline");

  model.show("https://chat.example|ada");
  const phase = model.phase.value;
  expect(phase.kind === "main" && phase.account.server).toBe(account.server);
  await Promise.resolve();
  await vi.waitFor(() =>
    expect(stored.get("accounts")).toMatchObject({ shown: "https://chat.example|ada" }),
  );
});

test("an account in the background notifies and says whose it is; locked, it says nothing", async () => {
  const { model, lock, kits, shown } = await open(two);
  attend(model, () => false);
  const hello = message(1, 900, [0, false, "Hi"], Date.now());
  // The window is looked at: what is shown there needs no notification.
  kits[0]?.receive(hello);
  expect(shown).toEqual([]);
  kits[1]?.receive(hello);
  expect(shown).toMatchObject([{ title: "Grace Hopper → Ada Lovelace", body: "Hi" }]);

  await lock.set("honey");
  lock.engage();
  expect(model.phase.value).toEqual({ kind: "locked" });
  kits[0]?.receive(hello);
  kits[1]?.receive(hello);
  expect(shown.slice(1)).toMatchObject([
    { title: "Beeline", body: "New message" },
    { title: "Beeline", body: "New message" },
  ]);
});

test("what was notified, shown or heard before the app is locked is gone with it", async () => {
  const { model, lock, kits, withdrawn } = await open({ account });
  attend(model, () => true);
  kits[0]?.receive(message(1, 900, [0, false, "Hi"], Date.now()));
  const [opened] = model.opened.value;
  if (opened === undefined) throw new Error("no account");
  opened.files.shown.value = message(1, 900, [0, false, "Hi"], 0).id;
  const stopped = vi.spyOn(opened.files.voice, "stop");
  await lock.set("honey");
  expect(withdrawn).toEqual([]);
  lock.engage();
  expect(withdrawn).toEqual([`${userId(0)}/${conversationId(1)}`]);
  expect(opened.files.shown.value).toBeUndefined();
  expect(stopped).toHaveBeenCalledOnce();
});

test("adding one more and signing one out leave the others open", async () => {
  const { model, kits, stored } = await open({ account });
  model.addAccount();
  expect(model.phase.value).toEqual({ kind: "sign-in" });
  await expect(model.signIn({ ...second, password: "wrong-password" })).rejects.toThrow(
    "wrong credential",
  );
  expect(model.slots.value).toHaveLength(1);
  await model.signIn({ ...second, password: "correct horse" });
  expect(model.opened.value).toHaveLength(2);
  expect(kits.map(({ closed }) => closed)).toEqual([false, true, false]);

  await model.signOut(false);
  expect(kind(model)).toBe("main");
  expect(model.shownSlot.value?.remembered).toEqual(account);
  expect(stored.get("accounts")).toMatchObject({ list: [account] });
  expect(kits[0]?.closed).toBe(false);
});

test("the same account again, with a wrong password, stays open as it was", async () => {
  const { model } = await open({ account });
  model.addAccount();
  await expect(model.signIn({ ...account, password: "wrong-password" })).rejects.toThrow(
    "wrong credential",
  );
  expect(model.opened.value).toHaveLength(1);
});

test("another window takes one account and leaves the other", async () => {
  const locks = new FakeLocks();
  const first = await open(two, { locks });
  const other = await open(two, { locks });
  expect(other.model.opened.value).toEqual([]);
  await other.model.useHere(second);
  expect(first.model.opened.value).toHaveLength(1);
  expect(kind(first.model)).toBe("elsewhere");
  first.model.show("https://chat.example|ada");
  expect(kind(first.model)).toBe("main");
});

test("a forgotten passphrase: all accounts are signed out here, those of other windows too", async () => {
  const locks = new FakeLocks();
  await open(two, { locks });
  const { model, stored } = await open(two, { locks });
  await model.signOutEverything();
  expect(model.slots.value).toEqual([]);
  expect(locks.held).toEqual([]);
  expect(stored.get("accounts")).toEqual({ list: [] });
});

test("a forgotten passphrase: what is left of a session that is over goes too, and what a policy keeps closed", async () => {
  const policy = { file: "/p", ignored: [], off: [], fixed: [], server: account.server };
  const { model, kits, stored } = await open(two, { kit: { signedIn: false }, host: { policy } });
  expect(kind(model)).toBe("sign-in");
  expect(model.slots.value).toHaveLength(1);
  await model.signOutEverything();
  expect(kits.flatMap(({ erased }) => erased)).toEqual(["ada", "ada"]);
  expect(kits.every(({ closed }) => closed)).toBe(true);
  expect(stored.get("accounts")).toMatchObject({ list: [] });
});

test("to forget an account deletes what is here also where it cannot be signed out in order", async () => {
  const cleared: string[] = [];
  const { model, kits } = await open(
    {},
    {
      kit: { signedIn: false },
      host: { clearDrafts: (prefix) => void cleared.push(prefix) },
      prepare: (kit) => (kit.signOut = () => Promise.reject(new Error("the disk is full"))),
    },
  );
  await model.signIn({ ...account, password: "correct horse" });
  await expect(model.signOut(false)).rejects.toThrow("the disk is full");
  expect(kind(model)).toBe("main");
  await model.signOut(true);
  expect(kits.flatMap(({ erased }) => erased)).toEqual(["ada"]);
  expect(cleared).toEqual([`${userId(0)}/`]);
  expect(model.slots.value).toEqual([]);
});

/** The desktop around the window, played; the engine is scripted. */
import { signal } from "@preact/signals";
import { expect, test, vi } from "vitest";
import type { BridgeEvent, BridgeState } from "../../preload/bridge.ts";
import { createI18n, type Language } from "../i18n/i18n.ts";
import type { Platform, PlatformNotification } from "../platform/platform.ts";
import { FakeKit } from "../testing/fake-kit.ts";
import { conversationId, message, userId } from "../testing/fake-people.ts";
import { AppLock } from "./app-lock.ts";
import { AppModel } from "./app-model.ts";
import { attend } from "./attention.ts";
import { AutoAway } from "./auto-away.ts";
import { connectDesktop } from "./desktop.ts";
import { loadSettings } from "./settings.ts";

const HOUR = 3_600_000;
const account = { server: "https://chat.example", userName: "ada" };

async function open(stored = new Map<string, unknown>([["account", account]])) {
  const states: BridgeState[] = [];
  const notified: PlatformNotification[] = [];
  let tell: (event: BridgeEvent) => void = () => undefined;
  const platform: Platform = {
    kind: "electron",
    client: { name: "test", version: "0" },
    deviceName: "test",
    defaultServer: "",
    takeInviteLink: () => undefined,
    readSetting: async (key) => stored.get(key),
    writeSetting: async (key, value) => void stored.set(key, value),
    readDraft: () => "",
    writeDraft: () => undefined,
    clearDrafts: () => undefined,
    setUnread: () => undefined,
    notificationPermission: () => "granted",
    requestNotifications: async () => "granted",
    notify: (notification) => void notified.push(notification),
    withdraw: () => undefined,
    onNotificationClick: () => () => undefined,
    localAddresses: () => [],
    desktop: {
      os: "linux",
      features: { tray: true, loginItem: true, spellCheck: true, linkPreviews: true },
      onEvent: (handler) => {
        tell = handler;
        return () => undefined;
      },
      tellState: (state) => void states.push(state),
      look: async () => ({ loginItem: false, guardedKeys: true, spellLanguages: [] }),
      setLoginItem: async () => undefined,
    },
  };
  const settings = await loadSettings(platform, ["en"]);
  const lock = await AppLock.load({
    platform,
    now: () => 0,
    randomBytes: (length) => new Uint8Array(length),
    hash: async (passphrase) => new TextEncoder().encode(passphrase.padEnd(32, "-")),
  });
  const kit = new FakeKit({});
  const free = { release: () => undefined };
  const app = new AppModel({
    platform,
    settings,
    i18n: createI18n(signal<Language>("zh-CN")),
    locks: { claim: async () => free, takeOver: async () => free },
    lock,
    createKit: () => kit,
  });
  attend(app, () => true);
  const away = await AutoAway.load(platform);
  const { desktop } = platform;
  if (desktop === undefined) throw new Error("no desktop");
  connectDesktop({ app, desktop, away, now: () => 5 * HOUR });
  return { app, kit, lock, states, notified, stored, tell: (event: BridgeEvent) => tell(event) };
}

const tag = `${userId(0)}/${conversationId(1)}`;
const show = (kit: FakeKit): string | undefined => kit.self?.show;

test("the menus hear of the language and of what the account shows", async () => {
  const { app, kit, states, tell } = await open();
  expect(states).toEqual([{ language: "zh-CN" }]);
  await app.start();
  expect(states.at(-1)).toEqual({ language: "zh-CN", show: "online" });
  tell({ type: "presence", show: "busy" });
  await vi.waitFor(() => expect(states.at(-1)?.show).toBe("busy"));
  expect(show(kit)).toBe("busy");
});

test("an answer from a notification is sent, and what it answers has been seen", async () => {
  const { app, kit, notified, tell } = await open();
  await app.start();
  kit.receive(message(1, 900, [0, false, "Where are you?"], Date.now()));
  expect(notified[0]).toMatchObject({ tag, actions: true });
  tell({ type: "reply", tag, text: "On my way" });
  await vi.waitFor(() => expect(kit.read).toContain(conversationId(1)));
  expect(kit.messages.get(conversationId(1))?.at(-1)).toMatchObject({
    own: true,
    body: { text: "On my way" },
  });
});

test("nobody writes as the owner of a locked app; the words are told back", async () => {
  const { app, kit, lock, notified, tell } = await open();
  await app.start();
  await lock.set("a long passphrase");
  lock.engage();
  const before = kit.messages.get(conversationId(1))?.length;
  tell({ type: "reply", tag, text: "It is not me" });
  tell({ type: "reply", tag: "another", text: "To nobody" });
  expect(notified.map(({ body }) => body)).toEqual(["It is not me", "To nobody"]);
  expect(kit.messages.get(conversationId(1))?.length).toBe(before);
});

test("a notification mutes its conversation for an hour", async () => {
  const { app, kit, tell } = await open();
  await app.start();
  tell({ type: "mute", tag });
  await vi.waitFor(() =>
    expect(kit.conversations.get(conversationId(1))?.settings.mutedUntil).toBe(6 * HOUR),
  );
});

test("a notification never ends a longer mute sooner: mentions are told all the same", async () => {
  const { app, kit, tell } = await open();
  await app.start();
  await kit.conversations.configure(conversationId(1), { mutedUntil: 9 * HOUR });
  tell({ type: "mute", tag });
  tell({ type: "presence", show: "busy" });
  await vi.waitFor(() => expect(show(kit)).toBe("busy"));
  expect(kit.conversations.get(conversationId(1))?.settings.mutedUntil).toBe(9 * HOUR);
});

test("commands reach the screen that does them; sleep ends with a new connection", async () => {
  const { app, kit, tell } = await open();
  await app.start();
  const done: string[] = [];
  app.commands.on("settings", () => done.push("settings"));
  kit.reconnectNow = () => void done.push("reconnect");
  tell({ type: "command", command: "settings" });
  tell({ type: "command", command: "about" });
  tell({ type: "resumed" });
  expect(done).toEqual(["settings", "reconnect"]);
});

test("a link opens a buddy's conversation, also when it comes before the account", async () => {
  const { app, tell } = await open();
  tell({ type: "link", link: "beeline://conversation/GRACE" });
  expect(app.links.request.value).toBeUndefined();
  await app.start();
  const phase = app.phase.value;
  if (phase.kind !== "main") throw new Error("not open");
  await vi.waitFor(() => expect(phase.account.open.value?.peer).toBe(userId(1)));
});

test("whoever is no buddy, and every invitation, waits for the person", async () => {
  const { app, kit, tell } = await open();
  await app.start();
  tell({ type: "link", link: "beeline://conversation/stranger" });
  expect(app.links.request.value).toEqual({ kind: "add-buddy", userName: "stranger" });
  // Neither blocked nor asked people are buddies.
  tell({ type: "link", link: "beeline://conversation/spam_king" });
  expect(app.links.request.value).toEqual({ kind: "add-buddy", userName: "spam_king" });
  tell({ type: "link", link: "beeline://other.example/#invite=abc" });
  expect(app.links.request.value).toEqual({
    kind: "invite",
    invite: { server: "https://other.example", invite: "abc" },
  });
  expect(app.phase.value.kind).toBe("main");
  expect(kit.closed).toBe(false);
  app.links.done();
  tell({ type: "link", link: "beeline://conversation/%00" });
  expect(app.links.request.value).toBeUndefined();
  expect(app.toasts.list.value).toHaveLength(1);
});

test("a link into a group waits for the person, and for whoever signs in for it first", async () => {
  const { app, tell } = await open();
  await app.start();
  const key = "A".repeat(43);
  const link = `beeline://other.example/#group=${"A".repeat(22)}&secret=${key}&key=${key}`;
  tell({ type: "link", link });
  expect(app.links.request.value).toEqual({ kind: "group", link });
  // Where nobody is signed in, the form begins with its server.
  expect(app.links.invitation).toEqual({ server: "https://other.example" });

  app.links.signInFor(link, "https://other.example");
  const invite = { server: "https://other.example" };
  expect(app.links.request.value).toEqual({ kind: "invite", invite });
  app.links.signedIn();
  expect(app.links.request.value).toEqual({ kind: "group", link });

  // Whoever goes back instead is asked nothing later.
  app.links.signInFor(link, "https://other.example");
  app.links.done();
  app.links.offer(invite);
  app.links.signedIn();
  expect(app.links.request.value).toBeUndefined();

  tell({ type: "link", link: link.slice(0, -1) });
  expect(app.links.request.value).toBeUndefined();
  expect(app.toasts.list.value).toHaveLength(1);
});

test("nobody there is away, and back at once; other texts stay", async () => {
  const { app, kit, stored, tell } = await open();
  await app.start();
  await kit.setPresence({ show: "online", statusText: "At the hive" });
  tell({ type: "idle", idle: true });
  await vi.waitFor(() => expect(show(kit)).toBe("away"));
  expect(kit.self?.statusText).toBe("At the hive");
  expect(stored.get("autoAway")).toEqual([userId(0)]);
  tell({ type: "idle", idle: false });
  await vi.waitFor(() => expect(show(kit)).toBe("online"));
  expect(stored.get("autoAway")).toEqual([]);
});

test.each(["busy", "away", "offline"] as const)("%s that was chosen stays", async (chosen) => {
  const { app, kit, tell } = await open();
  await app.start();
  await kit.setPresence({ show: chosen, statusText: "" });
  tell({ type: "idle", idle: true });
  tell({ type: "idle", idle: false });
  await Promise.resolve();
  expect(show(kit)).toBe(chosen);
});

test("what is chosen while nobody is there stays as well", async () => {
  const { app, kit, tell } = await open();
  await app.start();
  tell({ type: "idle", idle: true });
  await vi.waitFor(() => expect(show(kit)).toBe("away"));
  await kit.setPresence({ show: "busy", statusText: "" });
  await kit.setPresence({ show: "online", statusText: "" });
  await Promise.resolve();
  expect(show(kit)).toBe("online");
  tell({ type: "idle", idle: false });
  expect(show(kit)).toBe("online");
});

test("a program that ended while nobody was there takes it back when it starts", async () => {
  const stored = new Map<string, unknown>([
    ["account", account],
    ["autoAway", [userId(0)]],
  ]);
  const { app, kit } = await open(stored);
  await kit.setPresence({ show: "away", statusText: "" });
  await app.start();
  await vi.waitFor(() => expect(show(kit)).toBe("online"));
  expect(stored.get("autoAway")).toEqual([]);
});

test("a refused change is not tried again and again", async () => {
  const { app, kit, stored, tell } = await open();
  await app.start();
  let asked = 0;
  kit.setPresence = async () => {
    asked += 1;
    throw new Error("refused");
  };
  tell({ type: "idle", idle: true });
  await vi.waitFor(() => expect(stored.get("autoAway")).toEqual([]));
  expect(asked).toBe(1);
});

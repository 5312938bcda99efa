/** The preload's half and the main process's half of the bridge, joined by a fake IPC. */
import { describe, expect, it } from "vitest";
import { CHANNELS } from "../preload/channels.ts";
import { CONNECTION_CHANNELS } from "../preload/connection.ts";
import type { ProxySetting } from "../preload/proxy-setting.ts";
import { createBridge } from "../preload/expose.ts";
import type { RendererIpc } from "../preload/expose.ts";
import { registerConnectionIpc } from "./connection-ipc.ts";
import { guardedIpc } from "./guarded-ipc.ts";
import type { IpcEvent } from "./guarded-ipc.ts";
import { registerIpc } from "./ipc.ts";
import { platformArgument, platformInfo } from "./platform-info.ts";

const DEVICE = `${"A".repeat(21)}A`;
const event: IpcEvent = { senderFrame: { url: "app://beeline/", parent: null } };

const features = { tray: true, loginItem: true, spellCheck: true, linkPreviews: false };

function joined(argv = ["beeline"]) {
  const handlers = new Map<string, (event: IpcEvent, ...args: unknown[]) => unknown>();
  const listeners = new Map<string, Set<(event: unknown, ...args: unknown[]) => void>>();
  const done: unknown[][] = [];
  const settings = new Map<string, string>();
  const on = guardedIpc({ handle: (channel, listener) => handlers.set(channel, listener) });
  registerConnectionIpc(on, {
    proxy: {
      state: { setting: { mode: "system" }, fixed: false },
      set: async (setting) => void done.push(["proxy", setting]),
    },
    updates: {
      state: { type: "current" },
      check: async () => emit(CONNECTION_CHANNELS.updateState, { type: "checking" }),
      restart: async () => void done.push(["restart"]),
    },
  });
  registerIpc(on, {
    getSetting: (key) => settings.get(key),
    setSetting: async (key, value) => {
      if (value === undefined) settings.delete(key);
      else settings.set(key, value);
    },
    setBadge: (count) => done.push(["badge", count]),
    notify: ({ tag }) => done.push(["notify", tag]),
    withdraw: (tag) => done.push(["withdraw", tag]),
    localAddresses: () => [{ address: "192.0.2.1", port: 0 }],
    pinServer: (...args) => done.push(["pin", ...args]),
    refusedCertificate: (host) => host === "192.0.2.9",
    protectKey: (key) => Buffer.from(`guarded ${key}`).toString("base64"),
    joinLan: (device) => {
      done.push(["join", device]);
      emit(CHANNELS.lanEvent, { type: "near", device: DEVICE });
    },
    leaveLan: () => done.push(["leave"]),
    sendLan: async (device) => device === DEVICE,
    watchServers: () => {
      done.push(["watch"]);
      emit(CHANNELS.serversFound, [{ name: "Acme", address: "http://10.0.0.2", secure: false }]);
    },
    unwatchServers: () => done.push(["unwatch"]),
    listen: () => emit(CHANNELS.event, { type: "link", link: "beeline://conversation/ada" }),
    tellState: (state) => done.push(["state", state]),
    desktop: async () => ({ loginItem: true, guardedKeys: false, spellLanguages: ["de"] }),
    setLoginItem: async (open) => void done.push(["login item", open]),
    fetchPreview: async (url) => ({ url, title: "A page" }),
    unprotectKey: (sealed) => Buffer.from(sealed, "base64").toString().slice("guarded ".length),
  });
  const ipc: RendererIpc = {
    // As Electron does: arguments are copied, and a thrown error rejects.
    invoke: async (channel, ...args) =>
      structuredClone(await handlers.get(channel)?.(event, ...structuredClone(args))),
    on: (channel, listener) =>
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener)),
    removeListener: (channel, listener) => listeners.get(channel)?.delete(listener),
  };
  const emit = (channel: string, ...args: unknown[]): void => {
    for (const listener of listeners.get(channel) ?? []) listener(event, ...args);
  };
  const info = platformInfo("1.2.3", "linux", "Küche – 厨房", features, argv);
  return { bridge: createBridge(ipc, ["electron", platformArgument(info)]), done, emit };
}

describe("the bridge", () => {
  it("tells the platform from the first moment on", () => {
    expect(joined().bridge.platform).toEqual({
      version: "1.2.3",
      os: "linux",
      hostName: "Küche – 厨房",
      features,
    });
    const { platform } = joined(["beeline", "--server=ws://10.0.0.2:8383"]).bridge;
    expect(platform.defaultServer).toBe("ws://10.0.0.2:8383");
  });

  it("needs the platform information", () => {
    const ipc: RendererIpc = { invoke: async () => {}, on: () => {}, removeListener: () => {} };
    expect(() => createBridge(ipc, ["electron"])).toThrow("platform information");
  });

  it("keeps settings", async () => {
    const { bridge } = joined();
    expect(await bridge.getSetting("theme")).toBeUndefined();
    await bridge.setSetting("theme", '"dark"');
    expect(await bridge.getSetting("theme")).toBe('"dark"');
    await bridge.setSetting("theme", undefined);
    expect(await bridge.getSetting("theme")).toBeUndefined();
    await expect(bridge.setSetting("theme", "no json")).rejects.toThrow("set-setting");
  });

  it("passes badge, notifications and addresses", async () => {
    const { bridge, done } = joined();
    bridge.setBadge(2);
    bridge.notify({ title: "Ada", body: "Hello", tag: "c1" });
    bridge.withdraw("c1");
    expect(await bridge.localAddresses()).toEqual([{ address: "192.0.2.1", port: 0 }]);
    expect(done).toEqual([
      ["badge", 2],
      ["notify", "c1"],
      ["withdraw", "c1"],
    ]);
  });

  it("passes keys to be protected, and back", async () => {
    const { bridge } = joined();
    const key = Buffer.alloc(32, 7).toString("base64");
    const sealed = await bridge.protectKey(key);
    expect(sealed).not.toBe(key);
    expect(await bridge.unprotectKey(sealed ?? "")).toBe(key);
    await expect(bridge.protectKey("A".repeat(92))).rejects.toThrow("protect-key");
    await expect(bridge.unprotectKey("not base64!")).rejects.toThrow("unprotect-key");
  });

  it("passes pins of servers, and what came of them", async () => {
    const { bridge, done } = joined();
    const pin = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";
    await bridge.pinServer("192.0.2.1", pin);
    await bridge.pinServer("192.0.2.1", undefined);
    expect(done).toEqual([
      ["pin", "192.0.2.1", pin],
      ["pin", "192.0.2.1", undefined],
    ]);
    await expect(bridge.pinServer("192.0.2.1", "no pin")).rejects.toThrow("pin-server");
    expect(await bridge.refusedCertificate("192.0.2.9")).toBe(true);
    expect(await bridge.refusedCertificate("192.0.2.1")).toBe(false);
  });

  it("is there on the local network, and hears of it until told not to", async () => {
    const { bridge, done, emit } = joined();
    const heard: unknown[] = [];
    const end = bridge.onLan((happened) => heard.push(happened));
    await bridge.joinLan(DEVICE);
    expect(await bridge.sendLan(DEVICE, "{}")).toBe(true);
    expect(await bridge.sendLan(`${"B".repeat(21)}A`, "{}")).toBe(false);
    await expect(bridge.sendLan(DEVICE, "x".repeat(24 * 1024 + 1))).rejects.toThrow("send-lan");
    await bridge.leaveLan();
    end();
    emit(CHANNELS.lanEvent, { type: "state", state: "working" });
    expect(heard).toEqual([{ type: "near", device: DEVICE }]);
    expect(done).toEqual([["join", DEVICE], ["leave"]]);
  });

  it("watches for servers as long as somebody does", async () => {
    const { bridge, done } = joined();
    const one: unknown[] = [];
    const other: unknown[] = [];
    const endOne = bridge.watchServers((servers) => one.push(servers));
    await Promise.resolve();
    const endOther = bridge.watchServers((servers) => other.push(servers));
    const found = [[{ name: "Acme", address: "http://10.0.0.2", secure: false }]];
    expect([one, other]).toEqual([found, found]);
    endOne();
    endOne();
    expect(done).toEqual([["watch"]]);
    endOther();
    expect(done).toEqual([["watch"], ["unwatch"]]);
  });

  it("tells what happens outside, from the first listener on", async () => {
    const { bridge, done, emit } = joined();
    const heard: unknown[] = [];
    const end = bridge.onEvent((event) => heard.push(event));
    await Promise.resolve();
    emit(CHANNELS.event, { type: "command", command: "search" });
    end();
    emit(CHANNELS.event, { type: "resumed" });
    expect(heard).toEqual([
      { type: "link", link: "beeline://conversation/ada" },
      { type: "command", command: "search" },
    ]);
    bridge.tellState({ language: "en", show: "away" });
    await bridge.setLoginItem(true);
    expect(done).toEqual([
      ["state", { language: "en", show: "away" }],
      ["login item", true],
    ]);
    expect(await bridge.desktop()).toEqual({
      loginItem: true,
      guardedKeys: false,
      spellLanguages: ["de"],
    });
    expect(await bridge.fetchPreview("https://example.org/")).toEqual({
      url: "https://example.org/",
      title: "A page",
    });
  });

  it("passes the proxy, refused where it is none, and tells of updates", async () => {
    const { bridge, done } = joined();
    const { connection } = bridge;
    expect(await connection.proxy()).toEqual({ setting: { mode: "system" }, fixed: false });
    const setting: ProxySetting = {
      mode: "manual",
      scheme: "http",
      host: "proxy.example.org",
      port: 3128,
      bypass: ["*.example.org"],
    };
    await connection.setProxy(setting);
    for (const wrong of [
      { ...setting, host: "a b" },
      { ...setting, port: 0 },
      { ...setting, bypass: ["a;b"] },
    ]) {
      await expect(connection.setProxy(wrong)).rejects.toThrow("set-proxy");
    }
    await expect(connection.setProxy({ mode: "pac", url: "file:///etc" })).rejects.toThrow("proxy");
    const heard: unknown[] = [];
    const end = connection.onUpdates((state) => heard.push(state));
    expect(await connection.updates()).toEqual({ type: "current" });
    await connection.checkForUpdates();
    end();
    await connection.checkForUpdates();
    await connection.restartToUpdate();
    expect(heard).toEqual([{ type: "checking" }]);
    expect(done).toEqual([["proxy", setting], ["restart"]]);
  });

  it("tells clicks until told not to", () => {
    const { bridge, emit } = joined();
    const clicked: string[] = [];
    const end = bridge.onNotificationClick((tag) => clicked.push(tag));
    emit(CHANNELS.notificationClick, "c1");
    end();
    emit(CHANNELS.notificationClick, "c2");
    expect(clicked).toEqual(["c1"]);
  });
});

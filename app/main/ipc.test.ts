import { describe, expect, it } from "vitest";
import { CHANNELS } from "../preload/channels.ts";
import { guardedIpc, RefusedCall } from "./guarded-ipc.ts";
import type { IpcEvent } from "./guarded-ipc.ts";
import { registerIpc } from "./ipc.ts";
import type { Host } from "./ipc.ts";

const own = { senderFrame: { url: "app://beeline/index.html", parent: null } };

const DEVICE = `${"A".repeat(21)}A`;
const PIN = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";

/** The registered handlers over a host that notes what reached it. */
function registered() {
  const reached: unknown[][] = [];
  const handlers = new Map<string, (event: IpcEvent, ...args: unknown[]) => unknown>();
  const host: Host = {
    getSetting: (key) => `value of ${key}`,
    setSetting: async (...args) => void reached.push(["setSetting", ...args]),
    setBadge: (...args) => void reached.push(["setBadge", ...args]),
    notify: (...args) => void reached.push(["notify", ...args]),
    withdraw: (...args) => void reached.push(["withdraw", ...args]),
    localAddresses: () => [{ address: "192.0.2.1", port: 0 }],
    pinServer: (...args) => void reached.push(["pinServer", ...args]),
    refusedCertificate: (host) => host === "[2001:db8::1]",
    protectKey: () => undefined,
    unprotectKey: () => "",
    joinLan: (...args) => void reached.push(["joinLan", ...args]),
    leaveLan: () => void reached.push(["leaveLan"]),
    sendLan: async (...args) => reached.push(["sendLan", ...args]) > 0,
    watchServers: () => void reached.push(["watchServers"]),
    unwatchServers: () => void reached.push(["unwatchServers"]),
    listen: () => void reached.push(["listen"]),
    tellState: (...args) => void reached.push(["tellState", ...args]),
    desktop: async () => ({ loginItem: false, guardedKeys: true, spellLanguages: [] }),
    setLoginItem: async (...args) => void reached.push(["setLoginItem", ...args]),
    fetchPreview: async (...args) => void reached.push(["fetchPreview", ...args]),
  };
  registerIpc(guardedIpc({ handle: (channel, listener) => handlers.set(channel, listener) }), host);
  const call = (channel: string, args: unknown[], event: IpcEvent = own): unknown =>
    handlers.get(channel)?.(event, ...args);
  return { call, reached, handlers };
}

describe("calls from the page", () => {
  it("reach the host with their parsed arguments", async () => {
    const { call, reached } = registered();
    expect(call(CHANNELS.getSetting, ["theme"])).toBe("value of theme");
    expect(call(CHANNELS.localAddresses, [])).toEqual([{ address: "192.0.2.1", port: 0 }]);
    await call(CHANNELS.setSetting, ["theme", '{ "a": 1 }']);
    await call(CHANNELS.setSetting, ["theme", undefined]);
    await call(CHANNELS.setSetting, ["theme"]);
    call(CHANNELS.setBadge, [3]);
    call(CHANNELS.notify, [{ title: "t", body: "b", tag: "c1" }]);
    call(CHANNELS.withdraw, ["c1"]);
    call(CHANNELS.pinServer, ["chat.example.org", PIN]);
    call(CHANNELS.pinServer, ["192.0.2.1"]);
    expect(call(CHANNELS.refusedCertificate, ["[2001:db8::1]"])).toBe(true);
    call(CHANNELS.joinLan, [DEVICE]);
    await call(CHANNELS.sendLan, [DEVICE, "{}"]);
    call(CHANNELS.leaveLan, []);
    call(CHANNELS.listen, []);
    call(CHANNELS.tellState, [{ language: "zh-CN", show: "busy" }]);
    await call(CHANNELS.setLoginItem, [true]);
    await call(CHANNELS.fetchPreview, ["https://example.org/"]);
    expect(reached).toEqual([
      ["setSetting", "theme", '{"a":1}'],
      ["setSetting", "theme", undefined],
      ["setSetting", "theme", undefined],
      ["setBadge", 3],
      ["notify", { title: "t", body: "b", tag: "c1" }],
      ["withdraw", "c1"],
      ["pinServer", "chat.example.org", PIN],
      ["pinServer", "192.0.2.1", undefined],
      ["joinLan", DEVICE],
      ["sendLan", DEVICE, "{}"],
      ["leaveLan"],
      ["listen"],
      ["tellState", { language: "zh-CN", show: "busy" }],
      ["setLoginItem", true],
      ["fetchPreview", "https://example.org/"],
    ]);
  });

  it.each<[string, unknown[]]>([
    [CHANNELS.getSetting, []],
    [CHANNELS.getSetting, ["password"]],
    [CHANNELS.getSetting, ["__proto__"]],
    [CHANNELS.getSetting, ["theme", "more"]],
    [CHANNELS.setSetting, ["theme", "not json"]],
    [CHANNELS.setSetting, ["theme", 5]],
    [CHANNELS.setSetting, ["proxy", '{"mode":"none"}']],
    [CHANNELS.setSetting, ["theme", `"${"x".repeat(4096)}"`]],
    [CHANNELS.setBadge, [-1]],
    [CHANNELS.setBadge, [1.5]],
    [CHANNELS.setBadge, [Number.NaN]],
    [CHANNELS.setBadge, ["1"]],
    [CHANNELS.notify, [{ title: "t", body: "b" }]],
    [CHANNELS.withdraw, [""]],
    [CHANNELS.notify, [{ title: "t".repeat(257), body: "b", tag: "c" }]],
    [CHANNELS.notify, [{ title: "t", body: "b", tag: "c", icon: "/etc/passwd" }]],
    [CHANNELS.localAddresses, [1]],
    [CHANNELS.pinServer, []],
    [CHANNELS.pinServer, ["chat.example.org", "short"]],
    [CHANNELS.pinServer, ["chat.example.org", `${PIN.slice(0, -1)}R`]],
    [CHANNELS.pinServer, ["https://chat.example.org", PIN]],
    [CHANNELS.pinServer, ["a b", PIN]],
    [CHANNELS.pinServer, ["*", PIN]],
    [CHANNELS.refusedCertificate, [""]],
    [CHANNELS.joinLan, []],
    [CHANNELS.joinLan, ["somebody"]],
    [CHANNELS.leaveLan, [1]],
    [CHANNELS.sendLan, [DEVICE]],
    [CHANNELS.sendLan, [DEVICE, ""]],
    [CHANNELS.sendLan, [DEVICE, 5]],
    [CHANNELS.sendLan, ["192.0.2.1", "x"]],
    [CHANNELS.sendLan, [DEVICE, "ü".repeat(12 * 1024 + 1)]],
    [CHANNELS.watchServers, ["_ipp"]],
    [CHANNELS.notify, [{ title: "t", body: "b", tag: "c", actions: [] }]],
    [CHANNELS.listen, [1]],
    [CHANNELS.tellState, [{ language: "tlh" }]],
    [CHANNELS.tellState, [{ language: "en", show: "invisible" }]],
    [CHANNELS.tellState, [{ language: "en", tray: "x" }]],
    [CHANNELS.setLoginItem, ["yes"]],
    [CHANNELS.fetchPreview, ["example.org"]],
    [CHANNELS.fetchPreview, [`https://example.org/${"x".repeat(2048)}`]],
  ])("are refused with wrong arguments: %s %j", (channel, args) => {
    const { call, reached } = registered();
    expect(() => call(channel, args)).toThrow(RefusedCall);
    expect(reached).toEqual([]);
  });

  it("are refused from any other frame", () => {
    const { call, handlers } = registered();
    const strangers: IpcEvent[] = [
      { senderFrame: null },
      { senderFrame: { url: "https://example.org/", parent: null } },
      { senderFrame: { url: "app://beeline.evil/", parent: null } },
      { senderFrame: { url: "app://beeline/", parent: own.senderFrame } },
    ];
    for (const event of strangers) {
      for (const channel of handlers.keys()) {
        expect(() => call(channel, [], event)).toThrow("not asked by the app's own page");
      }
    }
    expect(handlers.size).toBe(20);
  });
});

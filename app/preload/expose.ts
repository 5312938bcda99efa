import * as v from "valibot";
import type { BeelineBridge, BridgeEvent, BridgeServer, PlatformInfo } from "./bridge.ts";
import { connectionBridge } from "./connection.ts";
import { PolicyInfo } from "./policy-info.ts";
import { CHANNELS, MENU_COMMANDS, PLATFORM_ARGUMENT, SHOWS } from "./channels.ts";

/** The part of Electron's ipcRenderer that the bridge uses. */
export interface RendererIpc {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  on(channel: string, listener: (event: unknown, ...args: unknown[]) => void): unknown;
  removeListener(channel: string, listener: (event: unknown, ...args: unknown[]) => void): unknown;
}

const Platform = v.object({
  version: v.string(),
  os: v.picklist(["linux", "mac", "windows"]),
  hostName: v.string(),
  defaultServer: v.exactOptional(v.string()),
  features: v.object({
    tray: v.boolean(),
    loginItem: v.boolean(),
    spellCheck: v.boolean(),
    linkPreviews: v.boolean(),
  }),
  policy: v.exactOptional(PolicyInfo),
});
const ShellEvent = v.variant("type", [
  v.object({ type: v.literal("command"), command: v.picklist(MENU_COMMANDS) }),
  v.object({ type: v.literal("presence"), show: v.picklist(SHOWS) }),
  v.object({ type: v.literal("link"), link: v.string() }),
  v.object({ type: v.literal("idle"), idle: v.boolean() }),
  v.object({ type: v.literal("resumed") }),
  v.object({ type: v.literal("reply"), tag: v.string(), text: v.string() }),
  v.object({ type: v.literal("mute"), tag: v.string() }),
]);
const Desktop = v.object({
  loginItem: v.boolean(),
  guardedKeys: v.boolean(),
  spellLanguages: v.array(v.string()),
});
const Preview = v.optional(
  v.object({
    url: v.string(),
    title: v.string(),
    description: v.exactOptional(v.string()),
    image: v.exactOptional(v.string()),
  }),
);
const LanEvent = v.variant("type", [
  v.object({ type: v.picklist(["near", "gone"]), device: v.string() }),
  v.object({ type: v.literal("text"), text: v.string() }),
  v.object({
    type: v.literal("state"),
    state: v.picklist(["starting", "working", "unheard", "failed"]),
  }),
]);
const Servers = v.array(
  v.object({
    name: v.string(),
    address: v.string(),
    secure: v.boolean(),
    pin: v.exactOptional(v.string()),
  }),
);
const Addresses = v.array(v.object({ address: v.string(), port: v.number() }));

/**
 * The bridge over IPC. Nothing of Electron leaks through it: no event objects, no channel names.
 * @param argv the preload's arguments, among them the platform information
 * @throws where the main process did not pass the platform information
 */
export function createBridge(ipc: RendererIpc, argv: readonly string[]): BeelineBridge {
  /** Who watches for servers; the main process looks while there is somebody. */
  const watching = new Set<(servers: readonly BridgeServer[]) => void>();
  let found: readonly BridgeServer[] = [];
  ipc.on(CHANNELS.serversFound, (_event, servers) => {
    found = v.parse(Servers, servers);
    for (const handler of watching) handler(found);
  });
  return {
    platform: platformOf(argv),
    connection: connectionBridge(
      (channel, ...args) => ipc.invoke(channel, ...args),
      (channel, handler) => listen(ipc, channel, handler),
    ),
    async getSetting(key) {
      return v.parse(v.optional(v.string()), await ipc.invoke(CHANNELS.getSetting, key));
    },
    async setSetting(key, value) {
      await ipc.invoke(CHANNELS.setSetting, key, value);
    },
    setBadge(count) {
      tell(ipc.invoke(CHANNELS.setBadge, count));
    },
    notify(notification) {
      tell(ipc.invoke(CHANNELS.notify, notification));
    },
    withdraw(tag) {
      tell(ipc.invoke(CHANNELS.withdraw, tag));
    },
    onNotificationClick(handler) {
      return listen(ipc, CHANNELS.notificationClick, (tag) => handler(v.parse(v.string(), tag)));
    },
    async localAddresses() {
      return v.parse(Addresses, await ipc.invoke(CHANNELS.localAddresses));
    },
    async pinServer(host, pin) {
      await ipc.invoke(CHANNELS.pinServer, host, pin);
    },
    async refusedCertificate(host) {
      return v.parse(v.boolean(), await ipc.invoke(CHANNELS.refusedCertificate, host));
    },
    async protectKey(key) {
      return v.parse(v.optional(v.string()), await ipc.invoke(CHANNELS.protectKey, key));
    },
    async unprotectKey(sealed) {
      return v.parse(v.string(), await ipc.invoke(CHANNELS.unprotectKey, sealed));
    },
    async joinLan(device) {
      await ipc.invoke(CHANNELS.joinLan, device);
    },
    async leaveLan() {
      await ipc.invoke(CHANNELS.leaveLan);
    },
    async sendLan(device, text) {
      return v.parse(v.boolean(), await ipc.invoke(CHANNELS.sendLan, device, text));
    },
    onLan(handler) {
      return listen(ipc, CHANNELS.lanEvent, (event) => handler(v.parse(LanEvent, event)));
    },
    watchServers(handler) {
      // One of its own, so that the same handler may watch twice.
      const watcher = (servers: readonly BridgeServer[]): void => handler(servers);
      watching.add(watcher);
      if (watching.size === 1) tell(ipc.invoke(CHANNELS.watchServers));
      else handler(found);
      return () => {
        if (!watching.delete(watcher) || watching.size > 0) return;
        found = [];
        tell(ipc.invoke(CHANNELS.unwatchServers));
      };
    },
    onEvent(handler) {
      const end = listen(ipc, CHANNELS.event, (event) => handler(eventOf(event)));
      // What waited is told to whoever listens first.
      tell(ipc.invoke(CHANNELS.listen));
      return end;
    },
    tellState(state) {
      tell(ipc.invoke(CHANNELS.tellState, state));
    },
    async desktop() {
      return v.parse(Desktop, await ipc.invoke(CHANNELS.desktop));
    },
    async setLoginItem(open) {
      await ipc.invoke(CHANNELS.setLoginItem, open);
    },
    async fetchPreview(url) {
      return v.parse(Preview, await ipc.invoke(CHANNELS.fetchPreview, url));
    },
  };
}

function listen(ipc: RendererIpc, channel: string, handler: (value: unknown) => void): () => void {
  const listener = (_event: unknown, value: unknown): void => handler(value);
  ipc.on(channel, listener);
  return () => {
    ipc.removeListener(channel, listener);
  };
}

function eventOf(value: unknown): BridgeEvent {
  return v.parse(ShellEvent, value);
}

function platformOf(argv: readonly string[]): PlatformInfo {
  const argument = argv.find((text) => text.startsWith(PLATFORM_ARGUMENT));
  if (argument === undefined) throw new Error("The window was opened without platform information");
  const json = decodeURIComponent(argument.slice(PLATFORM_ARGUMENT.length));
  return v.parse(Platform, JSON.parse(json));
}

/** For calls that return nothing: a refusal is an error of the page, shown as one. */
function tell(call: Promise<unknown>): void {
  call.catch((error: unknown) => {
    reportError(error);
  });
}

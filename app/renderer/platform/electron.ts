import type { TransportAddress } from "../../../shared/protocol/index.ts";
import type { BeelineBridge } from "../../preload/bridge.ts";
import { localDrafts } from "./drafts.ts";
import { logWarning } from "./log.ts";
import type { Platform } from "./platform.ts";

declare global {
  interface Window {
    /** Exposed by the preload script; absent in a browser. */
    readonly beeline?: BeelineBridge;
  }
}

/** Networks change while the program runs: the engine looks as often, and replaces what it loses. */
const ADDRESS_REFRESH_MS = 3_000;

/** The Electron window, through the typed bridge of the preload. */
export async function createElectronPlatform(bridge: BeelineBridge): Promise<Platform> {
  const { os, features, policy } = bridge.platform;
  let addresses: readonly TransportAddress[] = await bridge.localAddresses();
  setInterval(() => {
    bridge.localAddresses().then(
      (fresh) => {
        addresses = fresh;
      },
      (error: unknown) => logWarning("own addresses not known", error),
    );
  }, ADDRESS_REFRESH_MS);

  return {
    kind: "electron",
    client: { name: "beeline-desktop", version: bridge.platform.version },
    deviceName: bridge.platform.hostName,
    defaultServer: bridge.platform.defaultServer ?? "",

    // It comes as an event, also while the app runs.
    takeInviteLink: () => undefined,

    async readSetting(key) {
      const text = await bridge.getSetting(key);
      if (text === undefined) return undefined;
      try {
        const value: unknown = JSON.parse(text);
        return value;
      } catch (error) {
        logWarning("damaged setting", error);
        return undefined;
      }
    },
    async writeSetting(key, value) {
      try {
        await bridge.setSetting(key, value === undefined ? undefined : JSON.stringify(value));
      } catch (error) {
        // A full disk: it holds until the program ends.
        logWarning("setting not written", error);
      }
    },

    ...localDrafts(),

    setUnread(count, title) {
      document.title = title;
      bridge.setBadge(count);
    },

    notificationPermission: () => "granted",
    requestNotifications: async () => "granted",
    notify({ title, body, ...rest }) {
      bridge.notify({ title: title.slice(0, 256), body: body.slice(0, 1024), ...rest });
    },
    withdraw: (tag) => bridge.withdraw(tag),
    onNotificationClick: (handler) => bridge.onNotificationClick(handler),

    guard: bridge,
    connection: bridge.connection,
    ...(policy === undefined ? {} : { policy }),
    desktop: {
      os,
      features,
      onEvent: (handler) => bridge.onEvent(handler),
      tellState: (state) => bridge.tellState(state),
      look: () => bridge.desktop(),
      setLoginItem: (open) => bridge.setLoginItem(open),
    },
    ...(features.linkPreviews ? { fetchPreview: (url: string) => bridge.fetchPreview(url) } : {}),
    watchServers: (handler) => bridge.watchServers(handler),
    localAddresses: () => addresses,
  };
}

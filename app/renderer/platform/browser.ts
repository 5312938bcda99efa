import { localDrafts } from "./drafts.ts";
import { readItem, writeItem } from "./local-items.ts";
import { logWarning } from "./log.ts";
import type {
  NotificationPermission,
  Platform,
  PlatformNotification,
  SettingKey,
} from "./platform.ts";

/** A tab of a browser, served by the rendezvous server itself. */
export function createBrowserPlatform(version: string): Platform {
  const clicks = new Set<(tag: string) => void>();
  const shown = new Map<string, Notification>();
  return {
    kind: "browser",
    client: { name: "beeline-web", version },
    deviceName: browserName(navigator.userAgent),
    defaultServer: location.protocol.startsWith("http") ? location.origin : "",

    takeInviteLink() {
      if (!/[#&](invite|pin|group)=/.test(location.hash)) return undefined;
      const link = location.href;
      // Out of the address bar and of the history: a code is good for whoever sees it.
      history.replaceState(history.state, "", location.pathname + location.search);
      return link;
    },

    readSetting: async (key) => parse(readItem(settingKey(key))),
    async writeSetting(key, value) {
      writeItem(settingKey(key), value === undefined ? "" : JSON.stringify(value));
    },

    ...localDrafts(),

    setUnread(count, title) {
      document.title = title;
      showAppBadge(count);
    },

    notificationPermission: permission,
    async requestNotifications() {
      if (permission() === "ask") await Notification.requestPermission();
      return permission();
    },
    notify(notification) {
      show(notification, clicks, shown);
    },
    withdraw(tag) {
      shown.get(tag)?.close();
    },
    onNotificationClick(handler) {
      clicks.add(handler);
      return () => clicks.delete(handler);
    },

    // A browser hides its own addresses; its WebRTC stack offers `.local` names instead.
    localAddresses: () => [],
  };
}

function permission(): NotificationPermission {
  if (!("Notification" in globalThis)) return "unsupported";
  return Notification.permission === "default" ? "ask" : Notification.permission;
}

function show(
  notification: PlatformNotification,
  clicks: Set<(tag: string) => void>,
  all: Map<string, Notification>,
): void {
  if (permission() !== "granted") return;
  const { title, body, tag } = notification;
  try {
    const shown = new Notification(title, { body, tag, icon: "./icon.svg" });
    all.set(tag, shown);
    shown.addEventListener("close", () => {
      // A replaced one closes after its successor has taken the tag.
      if (all.get(tag) === shown) all.delete(tag);
    });
    shown.addEventListener("click", () => {
      globalThis.focus();
      shown.close();
      for (const handler of clicks) handler(tag);
    });
  } catch (error) {
    // Chromium on Android permits notifications from a service worker only.
    logWarning("notification not shown", error);
  }
}

function showAppBadge(count: number): void {
  if (!("setAppBadge" in navigator)) return;
  const done = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge();
  // Refused outside an installed web application: the title tells the count all the same.
  done.catch(() => undefined);
}

function settingKey(key: SettingKey): string {
  return `beeline:${key}`;
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    logWarning("damaged setting", error);
    return undefined;
  }
}

function browserName(userAgent: string): string {
  const browser = [
    ["Edg/", "Edge"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ].find(([token]) => token !== undefined && userAgent.includes(token))?.[1];
  const system = [
    ["Windows", "Windows"],
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["Mac OS", "Mac"],
    ["Linux", "Linux"],
  ].find(([token]) => token !== undefined && userAgent.includes(token))?.[1];
  return [browser ?? "Browser", system].filter((part) => part !== undefined).join(" · ");
}

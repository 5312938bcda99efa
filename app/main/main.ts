/** The Electron shell: one hardened window that shows the user interface. */
import { readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { app, dialog, ipcMain, Menu, Notification, protocol, safeStorage, session } from "electron";
import type { BrowserWindow } from "electron";
import { CHANNELS } from "../preload/channels.ts";
import { registerIpc } from "./ipc.ts";
import { KeyProtection } from "./key-protection.ts";
import { LanDesk } from "./lan-desk.ts";
import { localAddresses } from "../lan/local-addresses.ts";
import { menuTemplate } from "./menu.ts";
import { Notifications } from "./notifications.ts";
import { guardPermissions } from "./permissions.ts";
import { LINK_SCHEME, platformArgument, platformInfo } from "./platform-info.ts";
import { SCHEME, SCHEME_PRIVILEGES, serve } from "./scheme.ts";
import { ServerPins } from "./server-pins.ts";
import { openSettings } from "./settings.ts";
import { openWindow, showWindow } from "./window.ts";

// Bundled as dist/electron/main.js, beside dist/renderer.
const renderer = join(import.meta.dirname, "..", "renderer");
const preload = join(import.meta.dirname, "preload.cjs");

// Both before the app is ready, as Electron demands.
protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: SCHEME_PRIVILEGES }]);
// Buddies on the LAN get the machine's real addresses instead of `.local` names, which many
// networks do not resolve.
app.commandLine.appendSwitch("disable-features", "WebRtcHideLocalIpsWithMdns");
app.enableSandbox();
// Invitation links open the installed app; elsewhere they are pasted.
if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME);

// The settings and the history have one writer.
if (app.requestSingleInstanceLock()) {
  run().catch((error: unknown) => {
    dialog.showErrorBox("Beeline could not start", String(error));
    app.exit(1);
  });
} else {
  app.quit();
}

async function run(): Promise<void> {
  await app.whenReady();
  const settings = await openSettings(join(app.getPath("userData"), "settings.json"), report);
  protocol.handle(SCHEME, (request) => serve(request, renderer, readAsset));
  guardPermissions(session.defaultSession);
  const keys = new KeyProtection(safeStorage);
  const pins = new ServerPins(session.defaultSession);
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform)));

  const info = platformInfo(app.getVersion(), process.platform, hostname(), process.argv);
  const lan = new LanDesk({
    log: { debug: ignore, info: ignore, warn: report, error: report },
    tell: (event) => tell(CHANNELS.lanEvent, event),
    tellServers: (servers) => tell(CHANNELS.serversFound, servers),
  });
  let window = open();
  const notifications = new Notifications(
    (content) => new Notification(content),
    (tag) => {
      show();
      window.webContents.send(CHANNELS.notificationClick, tag);
    },
  );
  registerIpc(ipcMain, {
    getSetting: (key) => settings.get(key),
    setSetting: (key, value) => settings.set(key, value),
    setBadge: (count) => {
      app.setBadgeCount(count);
    },
    notify: (notification) => notifications.show(notification),
    localAddresses: () => localAddresses(networkInterfaces()),
    pinServer: (host, pin) => pins.set(host, pin),
    refusedCertificate: (host) => pins.refused(host),
    protectKey: (key) => keys.protect(key),
    unprotectKey: (sealed) => keys.unprotect(sealed),
    joinLan: (device) => lan.join(device),
    leaveLan: () => lan.leave(),
    sendLan: (device, text) => lan.send(device, text),
    watchServers: () => lan.watchServers(),
    unwatchServers: () => lan.unwatchServers(),
  });
  app.on("will-quit", () => lan.reset());
  app.on("second-instance", show);
  app.on("activate", show);
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") app.quit();
  });

  function open(): BrowserWindow {
    const opened = openWindow(settings, preload, platformArgument(info), report);
    // Another page knows nothing of what the one before had asked for.
    opened.webContents.on("did-start-loading", () => lan.reset());
    opened.webContents.on("render-process-gone", () => lan.reset());
    opened.on("closed", () => lan.reset());
    return opened;
  }
  function tell(channel: string, value: unknown): void {
    if (!window.isDestroyed()) window.webContents.send(channel, value);
  }
  function show(): void {
    // On macOS the app outlives its window.
    if (window.isDestroyed()) window = open();
    else showWindow(window);
  }
}

async function readAsset(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    // Absent, or a folder: to the page both are "not found". Anything else shows as a failed load.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

function ignore(): void {
  // Only what somebody can do something about is reported.
}

function report(problem: unknown): void {
  process.stderr.write(
    `beeline: ${problem instanceof Error ? problem.message : String(problem)}\n`,
  );
}

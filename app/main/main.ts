/** The Electron shell: one hardened window that shows the user interface, and what stands around it. */
import { readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import {
  app,
  dialog,
  ipcMain,
  Menu,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  session,
} from "electron";
import * as v from "valibot";
import type { BridgeState, MenuCommand, PlatformFeatures } from "../preload/bridge.ts";
import type { PolicyInfo } from "../preload/policy-info.ts";
import { CHANNELS } from "../preload/channels.ts";
import { CONNECTION_CHANNELS } from "../preload/connection.ts";
import { localAddresses } from "../lan/local-addresses.ts";
import { Badge } from "./badge.ts";
import { openConnection } from "./connection-desk.ts";
import { registerConnectionIpc } from "./connection-ipc.ts";
import { CrashRecovery } from "./crash-recovery.ts";
import { LINK_SCHEME, linkInArguments, watchLinks } from "./deep-links.ts";
import { guardDownloads } from "./downloads.ts";
import {
  afterTimeout,
  askAboutCrash,
  askAboutHanging,
  fragilePage,
  overlay,
  popUpContextMenu,
  systemTray,
} from "./electron-parts.ts";
import { FixedLoginItem } from "./fixed-login-item.ts";
import { guardedIpc } from "./guarded-ipc.ts";
import { IdleWatch } from "./idle-watch.ts";
import { registerIpc } from "./ipc.ts";
import { KeyProtection } from "./key-protection.ts";
import { LanDesk } from "./lan-desk.ts";
import { AutostartFile, HIDDEN_FLAG, SystemLoginItem } from "./login-item.ts";
import { LinkPreviews } from "./link-preview/link-preview.ts";
import { menuTemplate } from "./menu.ts";
import { Notifications } from "./notifications.ts";
import { PageEvents } from "./page-events.ts";
import { guardPermissions } from "./permissions.ts";
import { platformArgument, platformInfo } from "./platform-info.ts";
import { policyPlace, readPolicy } from "./policy.ts";
import { SCHEME, SCHEME_PRIVILEGES, serve } from "./scheme.ts";
import { ServerPins } from "./server-pins.ts";
import { openSettings } from "./settings.ts";
import { shellIcons } from "./shell-icons.ts";
import { SpellCheck, SpellLanguages } from "./spell-check.ts";
import { hasTray, TrayDesk } from "./tray-desk.ts";
import { MainWindow } from "./window.ts";
import { firstLanguage, shellWords } from "./words.ts";

/** As every messenger; people may choose another time. */
const IDLE_MINUTES = 10;
const Minutes = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(240));

// Bundled as dist/electron/main.js, beside dist/renderer.
const renderer = join(import.meta.dirname, "..", "renderer");
const preload = join(import.meta.dirname, "preload.cjs");
const icons = shellIcons(import.meta.dirname, process.platform);

// Both before the app is ready, as Electron demands.
protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: SCHEME_PRIVILEGES }]);
// Buddies on the LAN get the machine's real addresses instead of `.local` names, which many
// networks do not resolve.
app.commandLine.appendSwitch("disable-features", "WebRtcHideLocalIpsWithMdns");
app.enableSandbox();
// Invitation links open the installed app; elsewhere they are pasted.
if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME);
// Windows shows notifications of programs that it knows by name.
if (process.platform === "win32") app.setAppUserModelId("chat.beeline.desktop");

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
  let main: MainWindow | undefined;
  let quitting = false;
  const events = new PageEvents((event) => tell(CHANNELS.event, event));
  // Before the app is ready: macOS tells of the link that opened it then.
  watchLinks(app, process.argv, (link) => events.tell({ type: "link", link }), show);
  app.on("before-quit", () => {
    quitting = true;
  });
  await app.whenReady();

  const place = policyPlace(process.platform, app.isPackaged, process.argv);
  const policy = await readPolicy(place, process.platform);
  reportPolicy(policy.info);
  const settings = await openSettings(join(app.getPath("userData"), "settings.json"), report);
  protocol.handle(SCHEME, (request) => serve(request, renderer, readAsset));
  guardPermissions(session.defaultSession, policy.allows("voice"));
  guardDownloads(session.defaultSession, report);
  const spelling = new SpellCheck(session.defaultSession, process.platform);
  const spell = (): void => spelling.set(settings.read("spellLanguages", SpellLanguages) ?? []);
  spell();
  settings.onChange("spellLanguages", spell);
  const keys = new KeyProtection(safeStorage);
  const pins = new ServerPins(session.defaultSession);
  const previews = new LinkPreviews(session.defaultSession);
  const loginItem = new FixedLoginItem(
    process.platform === "linux"
      ? new AutostartFile(app.getPath("appData"), process.env["APPIMAGE"] ?? process.execPath)
      : new SystemLoginItem(app),
    policy,
  );
  loginItem.obey().catch(report);
  const { proxy, updates } = await openConnection({
    settings,
    policy,
    installation: {
      platform: process.platform,
      isPackaged: app.isPackaged,
      resources: process.resourcesPath,
      userData: app.getPath("userData"),
      env: process.env,
    },
    after: afterTimeout,
    onUpdates: (update) => tell(CONNECTION_CHANNELS.updateState, update),
    beforeRestart: () => {
      quitting = true;
    },
    report,
  });

  let state: BridgeState = {
    language: firstLanguage(settings.read("language", v.string()), app.getLocale()),
  };
  const words = () => shellWords(state.language);
  const trayIsSeen = hasTray(process.platform, process.env["XDG_CURRENT_DESKTOP"]);
  const features: PlatformFeatures = {
    tray: trayIsSeen,
    loginItem: policy.leaves("autoStart"),
    spellCheck: true,
    linkPreviews: policy.allows("linkPreviews"),
  };
  const info = platformInfo(
    app.getVersion(),
    process.platform,
    hostname(),
    features,
    process.argv,
    policy.info,
  );
  const lan = new LanDesk({
    log: { debug: ignore, info: ignore, warn: report, error: report },
    tell: (event) => tell(CHANNELS.lanEvent, event),
    tellServers: (servers) => tell(CHANNELS.serversFound, servers),
  });
  const recovery = new CrashRecovery({
    now: Date.now,
    report,
    askCrashed: () => askAboutCrash(words()),
    askHanging: (withdraw) => askAboutHanging(words(), withdraw),
    quit: () => app.quit(),
  });
  main = open(firstAppearance());
  setMenu();
  const tray = new TrayDesk({
    create: systemTray,
    icons,
    words,
    open: show,
    choose: (choice) => events.tell({ type: "presence", show: choice }),
    quit: () => app.quit(),
  });
  const badge = new Badge(
    {
      setBadgeCount: (count) => void app.setBadgeCount(count),
      setOverlay: (description) => overlay(main?.window, icons.overlay, description),
    },
    (count) => words().unread(count),
  );
  const notifications = new Notifications({
    create: (content) => new Notification(content),
    words,
    onClick: (tag) => {
      show();
      tell(CHANNELS.notificationClick, tag);
    },
    onReply: (tag, text) => events.tell({ type: "reply", tag, text }),
    onMute: (tag) => events.tell({ type: "mute", tag }),
  });
  const idle = new IdleWatch({
    source: powerMonitor,
    minutes: () => settings.read("idleMinutes", Minutes) ?? IDLE_MINUTES,
    onIdle: (isIdle) => events.tell({ type: "idle", idle: isIdle }),
    onResume: () => events.tell({ type: "resumed" }),
    after: afterTimeout,
  });
  settings.onChange("idleMinutes", () => idle.look());

  const on = guardedIpc(ipcMain);
  registerConnectionIpc(on, { proxy, updates });
  registerIpc(on, {
    getSetting: (key) => settings.get(key),
    setSetting: (key, value) => settings.set(key, value),
    setBadge: (count) => {
      badge.set(count);
      tray.setUnread(count);
    },
    notify: (notification) => notifications.show(notification),
    withdraw: (tag) => notifications.withdraw(tag),
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
    listen: () => {
      events.listen();
      // A page that was opened again knows nothing of it.
      if (idle.idle) events.tell({ type: "idle", idle: true });
    },
    tellState: (told) => {
      const translated = told.language !== state.language;
      state = told;
      tray.setShow(told.show);
      if (!translated) return;
      setMenu();
      badge.refresh();
    },
    desktop: async () => ({
      loginItem: await loginItem.get(),
      guardedKeys: keys.available,
      spellLanguages: spelling.available,
    }),
    setLoginItem: (wanted) => loginItem.set(wanted),
    fetchPreview: async (url) => (features.linkPreviews ? previews.fetch(url) : undefined),
  });
  let written = false;
  app.on("will-quit", (event) => {
    lan.reset();
    idle.stop();
    updates.stop();
    if (written) return;
    // The window's place, and what was set a moment ago, are still on their way to the disk.
    event.preventDefault();
    void settings.settled().then(() => {
      written = true;
      app.quit();
    });
  });
  app.on("activate", show);
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") app.quit();
  });

  function open(begin: "shown" | "hidden" | "minimised"): MainWindow {
    const opened = new MainWindow({
      settings,
      preload,
      platform: platformArgument(info),
      icon: icons.window,
      begin,
      // On macOS a program stays until somebody ends it.
      staysOpen: () =>
        !quitting &&
        (process.platform === "darwin" ||
          (settings.read("closeToTray", v.boolean()) ?? trayIsSeen)),
      report,
    });
    const { webContents } = opened.window;
    recovery.watch(fragilePage(opened.window));
    popUpContextMenu(opened.window, words, report);
    // Another page knows nothing of what the one before had asked for.
    const forget = (): void => {
      lan.reset();
      events.reset();
    };
    webContents.on("did-start-loading", forget);
    webContents.on("render-process-gone", forget);
    opened.window.on("closed", forget);
    return opened;
  }

  function firstAppearance(): "shown" | "hidden" | "minimised" {
    const unasked = process.argv.includes(HIDDEN_FLAG) || openedAtLogin();
    const wished = unasked || settings.read("startMinimised", v.boolean()) === true;
    // Whoever opens a link wants to see what comes of it.
    if (!wished || linkInArguments(process.argv) !== undefined) return "shown";
    return trayIsSeen || process.platform === "darwin" ? "hidden" : "minimised";
  }
  function setMenu(): void {
    const run = (command: MenuCommand): void => {
      show();
      events.tell({ type: "command", command });
    };
    const template = menuTemplate(process.platform, words(), run, !app.isPackaged);
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }
  function tell(channel: string, value: unknown): void {
    if (main !== undefined && !main.isGone) main.window.webContents.send(channel, value);
  }
  function show(): void {
    // Before the app is ready there is nothing to show; it will be.
    if (main === undefined) return;
    if (main.isGone) main = open("shown");
    else main.show();
  }
}

/** macOS passes no flag to what it opens itself. */
function openedAtLogin(): boolean {
  return process.platform === "darwin" && app.getLoginItemSettings().wasOpenedAtLogin;
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

function reportPolicy(info: PolicyInfo | undefined): void {
  if (info === undefined) return;
  const { file, problem, ignored } = info;
  if (problem !== undefined) report(`The policy ${file} cannot be relied on: ${problem}`);
  if (ignored.length > 0) report(`The policy ${file} has unknown keys: ${ignored.join(", ")}`);
}

function ignore(): void {
  // Only what somebody can do something about is reported.
}

function report(problem: unknown): void {
  process.stderr.write(
    `beeline: ${problem instanceof Error ? problem.message : String(problem)}\n`,
  );
}

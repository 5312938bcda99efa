/** The shell as a whole, started over a fake Electron: what it switches on before it shows a page. */
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserWindowConstructorOptions } from "electron";
import { afterAll, expect, it, vi } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "beeline-shell-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything the shell asks of Electron, in order. */
const asked: unknown[][] = [];
const windows: { readonly options: BrowserWindowConstructorOptions }[] = [];

function note(name: string): (...args: unknown[]) => void {
  return (...args) => {
    asked.push([name, ...args]);
  };
}

class FakeContents extends EventEmitter {
  readonly setWindowOpenHandler = note("setWindowOpenHandler");
  readonly setWebRTCIPHandlingPolicy = note("setWebRTCIPHandlingPolicy");
  readonly send = note("send");
}

class FakeTray extends EventEmitter {
  readonly setContextMenu = note("tray menu");
  readonly setImage = note("tray image");
  readonly setToolTip = note("tray words");
}

class FakeWindow extends EventEmitter {
  readonly webContents = new FakeContents();
  readonly show = note("show");
  readonly hide = note("hide");
  readonly focus = note("focus");
  readonly isMinimized = () => false;
  readonly isMaximized = () => false;
  readonly isFullScreen = () => false;
  readonly isDestroyed = () => false;
  readonly getNormalBounds = () => ({ x: 0, y: 0, width: 800, height: 600 });
  readonly options: BrowserWindowConstructorOptions;

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    windows.push(this);
  }
  async loadURL(url: string): Promise<void> {
    note("loadURL")(url);
  }
}

function fakeElectron(): object {
  const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } };
  return {
    app: Object.assign(new EventEmitter(), {
      commandLine: { appendSwitch: note("appendSwitch") },
      enableSandbox: note("enableSandbox"),
      requestSingleInstanceLock: () => true,
      whenReady: async () => note("ready")(),
      getPath: () => folder,
      getVersion: () => "1.2.3",
      getLocale: () => "zh-CN",
      exit: note("exit"),
    }),
    BrowserWindow: FakeWindow,
    clipboard: {},
    dialog: { showErrorBox: note("showErrorBox") },
    ipcMain: { handle: note("ipc") },
    Menu: { buildFromTemplate: note("menu"), setApplicationMenu: note("setMenu") },
    nativeImage: {},
    Notification: FakeWindow,
    powerMonitor: Object.assign(new EventEmitter(), { getSystemIdleTime: () => 0 }),
    protocol: { registerSchemesAsPrivileged: note("privileges"), handle: note("serve") },
    screen: Object.assign(new EventEmitter(), {
      getPrimaryDisplay: () => display,
      getAllDisplays: () => [display],
    }),
    safeStorage: {},
    session: {
      defaultSession: {
        on: note("session"),
        setProxy: async () => note("proxy")(),
        availableSpellCheckerLanguages: ["de", "en-GB"],
        setSpellCheckerEnabled: note("spelling"),
        setSpellCheckerLanguages: note("spelling languages"),
        setSpellCheckerDictionaryDownloadURL: note("dictionaries"),
        setPermissionRequestHandler: note("guard requests"),
        setPermissionCheckHandler: note("guard checks"),
        setDevicePermissionHandler: note("guard devices"),
      },
    },
    shell: {},
    Tray: FakeTray,
  };
}

it("is sandboxed, guarded and on its own scheme before the page loads", async () => {
  vi.doMock("electron", fakeElectron);
  await import("./main.ts");
  await vi.waitFor(() => expect(asked.map(([name]) => name)).toContain("loadURL"));
  await vi.waitFor(() => expect(asked.filter(([name]) => name === "ipc")).toHaveLength(25));

  const names = asked.map(([name]) => name);
  const ready = names.indexOf("ready");
  expect(names.slice(0, ready)).toEqual(["privileges", "appendSwitch", "enableSandbox"]);
  expect(asked).toContainEqual(["appendSwitch", "disable-features", "WebRtcHideLocalIpsWithMdns"]);
  expect(asked).toContainEqual(["serve", "app", expect.any(Function)]);
  expect(asked).toContainEqual(["setWebRTCIPHandlingPolicy", "default"]);
  expect(asked).toContainEqual(["loadURL", "app://beeline/"]);
  expect(asked).toContainEqual(["session", "will-download", expect.any(Function)]);
  // Nothing is fetched from anybody before a person chooses a language.
  expect(asked).toContainEqual(["spelling", false]);
  expect(asked).toContainEqual(["dictionaries", "https://dictionaries.invalid/"]);
  const guards = [
    "guard requests",
    "guard checks",
    "guard devices",
    "session",
    "proxy",
    "spelling",
    "dictionaries",
    "setWindowOpenHandler",
  ];
  for (const guard of guards) expect(names.indexOf(guard)).toBeLessThan(names.indexOf("loadURL"));
  for (const guard of guards) expect(names).toContain(guard);

  expect(windows[0]?.options.webPreferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
  });
  expect(names).not.toContain("showErrorBox");
});

/** Electron's `app` of a program on Linux that is started from a checkout. */
import { EventEmitter } from "node:events";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type Electron from "electron";
import { BrowserWindow, whenAllClosed } from "./browser-window.ts";
import { HostEvent } from "./event.ts";
import { InstanceLock } from "./instance-lock.ts";
import { leave, line, machine } from "./link.ts";
import { loud } from "./loud.ts";

type Known =
  | "commandLine"
  | "dock"
  | "enableSandbox"
  | "exit"
  | "getAppPath"
  | "getBadgeCount"
  | "getLocale"
  | "getLoginItemSettings"
  | "getName"
  | "getPath"
  | "getPreferredSystemLanguages"
  | "getSystemLocale"
  | "getVersion"
  | "hide"
  | "isPackaged"
  | "isReady"
  | "name"
  | "quit"
  | "relaunch"
  | "requestSingleInstanceLock"
  | "setAboutPanelOptions"
  | "setAppUserModelId"
  | "setAsDefaultProtocolClient"
  | "setBadgeCount"
  | "setLoginItemSettings"
  | "setName"
  | "whenReady";

class HostApp extends EventEmitter implements Pick<Electron.App, Exclude<Known, "commandLine">> {
  readonly name = "Beeline";
  readonly isPackaged = false;
  /** Of macOS only. */
  declare readonly dock: undefined;
  readonly commandLine: Pick<
    Electron.CommandLine,
    "appendSwitch" | "hasSwitch" | "getSwitchValue"
  > = loud("app.commandLine", {
    appendSwitch: (name: string, value = "") => void this.#switches.set(name, value),
    hasSwitch: (name: string) => this.#switches.has(name),
    getSwitchValue: (name: string) => this.#switches.get(name) ?? "",
  });
  readonly #switches = new Map<string, string>();
  readonly #lock = new InstanceLock(machine.userData);
  #badge = 0;
  #loginItem: Electron.Settings = {};
  #isReady = false;
  #isEnding = false;

  constructor() {
    super();
    setImmediate(() => {
      this.#isReady = true;
      this.emit("ready", new HostEvent(), {});
    });
    whenAllClosed(() => {
      if (this.#isEnding) return;
      // As Electron: it ends by itself where nobody has an opinion.
      if (!this.emit("window-all-closed")) this.quit();
    });
  }

  isReady(): boolean {
    return this.#isReady;
  }
  whenReady(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isReady) resolve();
      else this.once("ready", () => resolve());
    });
  }
  enableSandbox(): void {
    // The pages of the stand-in have nothing but what the preload gives them.
  }
  requestSingleInstanceLock(additionalData: Record<string, unknown> = {}): boolean {
    return this.#lock.take({ argv: process.argv, cwd: process.cwd() }, ({ argv, cwd }) => {
      this.emit("second-instance", new HostEvent(), argv, cwd, additionalData);
    });
  }

  quit(): void {
    if (this.#isEnding) return;
    const asked = new HostEvent();
    this.emit("before-quit", asked);
    if (asked.defaultPrevented) return;
    this.#isEnding = true;
    for (const window of BrowserWindow.getAllWindows()) {
      window.close();
      if (window.isDestroyed()) continue;
      // A window that stays keeps the program.
      this.#isEnding = false;
      return;
    }
    const last = new HostEvent();
    this.emit("will-quit", last);
    if (last.defaultPrevented) {
      this.#isEnding = false;
      return;
    }
    this.emit("quit", new HostEvent(), 0);
    this.#leave(0);
  }
  exit(code = 0): void {
    this.#isEnding = true;
    for (const window of BrowserWindow.getAllWindows()) window.destroy();
    this.emit("quit", new HostEvent(), code);
    this.#leave(code);
  }
  relaunch(): void {
    line.tell("relaunch");
  }
  #leave(code: number): void {
    this.#lock.release();
    leave(code);
  }

  getPath(name: string): string {
    if (name === "userData" || name === "sessionData") return machine.userData;
    if (name === "home") return homedir();
    if (name === "appData") return process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
    if (name === "temp") return tmpdir();
    if (name === "exe") return process.execPath;
    return join(machine.userData, `host-${name}`);
  }
  getAppPath(): string {
    return join(import.meta.dirname, "..", "..");
  }
  getVersion(): string {
    return machine.version;
  }
  getName(): string {
    return this.name;
  }
  setName(): void {
    // It is called what it is called.
  }
  getLocale(): string {
    return "en-GB";
  }
  getSystemLocale(): string {
    return "en-GB";
  }
  getPreferredSystemLanguages(): string[] {
    return ["en-GB"];
  }
  hide(): void {
    for (const window of BrowserWindow.getAllWindows()) window.hide();
  }
  setAboutPanelOptions(): void {
    // Shown by macOS alone.
  }
  setAppUserModelId(): void {
    // Asked for by Windows alone.
  }
  setAsDefaultProtocolClient(): boolean {
    return true;
  }
  setBadgeCount(count = 0): boolean {
    this.#badge = count;
    return true;
  }
  getBadgeCount(): number {
    return this.#badge;
  }
  setLoginItemSettings(settings: Electron.Settings): void {
    this.#loginItem = settings;
  }
  getLoginItemSettings(): Electron.LoginItemSettings {
    const openAtLogin = this.#loginItem.openAtLogin ?? false;
    return {
      openAtLogin,
      wasOpenedAtLogin: false,
      status: openAtLogin ? "enabled" : "not-registered",
      executableWillLaunchAtLogin: openAtLogin,
      launchItems: [],
    };
  }
}

export const app = loud("app", new HostApp());

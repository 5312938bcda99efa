/** Electron's BrowserWindow: where it is and whether it is seen is kept here, its page is a Chromium's. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import * as v from "valibot";
import { HostContents, PageNews } from "./contents.ts";
import { HostEvent } from "./event.ts";
import { line } from "./link.ts";
import { loud } from "./loud.ts";

type Known =
  | "blur"
  | "close"
  | "destroy"
  | "flashFrame"
  | "focus"
  | "getBounds"
  | "getNormalBounds"
  | "getTitle"
  | "hide"
  | "id"
  | "isDestroyed"
  | "isFocused"
  | "isFullScreen"
  | "isMaximized"
  | "isMinimized"
  | "isVisible"
  | "loadURL"
  | "maximize"
  | "minimize"
  | "reload"
  | "restore"
  | "setBounds"
  | "setFullScreen"
  | "setMenu"
  | "setOverlayIcon"
  | "setProgressBar"
  | "setSkipTaskbar"
  | "setTitle"
  | "show"
  | "showInactive"
  | "unmaximize";

type State = "normal" | "minimized" | "maximized";

const windows = new Map<number, BrowserWindow>();
let opened = 0;
let onAllClosed: () => void = () => {};

const FromPage = v.intersect([v.object({ window: v.number() }), PageNews]);
const Leaving = v.object({ window: v.number(), url: v.string(), isMainFrame: v.boolean() });
const Opening = v.object({ window: v.number(), url: v.string() });

line.on("page", (value) => {
  const news = v.parse(FromPage, value);
  windows.get(news.window)?.take(news);
});
line.on("leaving", (value) => {
  const { window, url, isMainFrame } = v.parse(Leaving, value);
  return windows.get(window)?.webContents.leave(url, isMainFrame) ?? false;
});
line.on("opening", (value) => {
  const { window, url } = v.parse(Opening, value);
  return windows.get(window)?.webContents.open(url) ?? "deny";
});

/** Calls back whenever the last window has gone. */
export function whenAllClosed(listener: () => void): void {
  onAllClosed = listener;
}

export class BrowserWindow extends EventEmitter implements Pick<Electron.BrowserWindow, Known> {
  readonly id: number;
  readonly webContents: HostContents;
  /** What it was made with. */
  readonly options: Electron.BrowserWindowConstructorOptions;
  #bounds: Electron.Rectangle;
  #title: string;
  #state: State = "normal";
  #isVisible = false;
  #isFocused = false;
  #isFullScreen = false;
  #isDestroyed = false;
  #wasReady = false;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    opened += 1;
    this.id = opened;
    this.options = options;
    this.webContents = loud("webContents", new HostContents(this.id));
    const { x = 0, y = 0, width = 800, height = 600, title = "" } = options;
    this.#bounds = { x, y, width, height };
    this.#title = title;
    const { preload, additionalArguments = [] } = options.webPreferences ?? {};
    line.tell("open", { window: this.id, preload, args: additionalArguments, width, height });
    const self = loud("BrowserWindow", this);
    windows.set(this.id, self);
    if (options.show !== false) this.show();
    return self;
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows.values()];
  }
  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.isFocused()) ?? null;
  }
  static fromWebContents(contents: { readonly id: number }): BrowserWindow | null {
    return windows.get(contents.id) ?? null;
  }
  static fromId(id: number): BrowserWindow | null {
    return windows.get(id) ?? null;
  }

  take(news: v.InferOutput<typeof PageNews>): void {
    // The person's own doing, or the page's `window.close()`.
    if (news.what === "closed") this.close();
    this.webContents.take(news);
    if (news.what === "ready" && !this.#wasReady) {
      this.#wasReady = true;
      this.emit("ready-to-show");
    }
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.load(url);
  }
  reload(): void {
    this.webContents.reload();
  }

  show(): void {
    this.showInactive();
    this.focus();
  }
  showInactive(): void {
    if (this.#state === "minimized") this.restore();
    if (this.#isVisible) return;
    this.#isVisible = true;
    this.emit("show");
  }
  hide(): void {
    this.blur();
    if (!this.#isVisible) return;
    this.#isVisible = false;
    this.emit("hide");
  }
  focus(): void {
    if (this.#isFocused || !this.#isVisible) return;
    for (const other of windows.values()) other.blur();
    this.#setFocused(true);
  }
  blur(): void {
    if (this.#isFocused) this.#setFocused(false);
  }
  #setFocused(isFocused: boolean): void {
    this.#isFocused = isFocused;
    line.tell("focus", { window: this.id, isFocused });
    this.emit(isFocused ? "focus" : "blur");
  }
  minimize(): void {
    if (this.#state === "minimized") return;
    this.#state = "minimized";
    this.blur();
    this.emit("minimize");
  }
  maximize(): void {
    this.#state = "maximized";
    this.emit("maximize");
    this.emit("resize");
  }
  unmaximize(): void {
    if (this.#state !== "maximized") return;
    this.#state = "normal";
    this.emit("unmaximize");
    this.emit("resize");
  }
  restore(): void {
    if (this.#state !== "minimized") return;
    this.#state = "normal";
    this.emit("restore");
    this.focus();
  }
  isVisible(): boolean {
    return this.#isVisible && this.#state !== "minimized";
  }
  isFocused(): boolean {
    return this.#isFocused;
  }
  isMinimized(): boolean {
    return this.#state === "minimized";
  }
  isMaximized(): boolean {
    return this.#state === "maximized";
  }
  setFullScreen(isFull: boolean): void {
    if (isFull === this.#isFullScreen) return;
    this.#isFullScreen = isFull;
    this.emit(isFull ? "enter-full-screen" : "leave-full-screen");
  }
  isFullScreen(): boolean {
    return this.#isFullScreen;
  }

  getBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }
  getNormalBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }
  setBounds(bounds: Partial<Electron.Rectangle>): void {
    const before = this.#bounds;
    this.#bounds = { ...before, ...bounds };
    const { x, y, width, height } = this.#bounds;
    if (x !== before.x || y !== before.y) this.emit("move");
    if (width === before.width && height === before.height) return;
    line.tell("resize", { window: this.id, width, height });
    this.emit("resize");
  }
  getTitle(): string {
    return this.#title;
  }
  setTitle(title: string): void {
    this.#title = title;
  }
  setMenu(): void {
    // The application's menu is the one that is looked at.
  }
  setSkipTaskbar(): void {
    // There is no task bar.
  }
  setOverlayIcon(): void {
    // There is no task bar.
  }
  setProgressBar(): void {
    // There is no task bar.
  }
  flashFrame(): void {
    // There is no task bar.
  }

  close(): void {
    if (this.#isDestroyed) return;
    const event = new HostEvent();
    this.emit("close", event);
    if (!event.defaultPrevented) this.destroy();
  }
  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#isFocused = false;
    this.#isVisible = false;
    windows.delete(this.id);
    line.tell("close", { window: this.id });
    this.webContents.gone();
    this.emit("closed");
    if (windows.size === 0) onAllClosed();
  }
  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
}

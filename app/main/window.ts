import { BrowserWindow, screen, shell } from "electron";
import { guardNavigation } from "./navigation.ts";
import { ORIGIN } from "./scheme.ts";
import type { Place, Settings } from "./settings.ts";
import { placeWindow } from "./window-bounds.ts";
import { windowOptions } from "./window-options.ts";

const SAVE_DELAY_MS = 500;

export interface WindowOptions {
  readonly settings: Settings;
  readonly preload: string;
  /** The argument that the preload reads. */
  readonly platform: string;
  readonly icon: string;
  /** `hidden`: in the tray; `minimised`: on the task bar. */
  readonly begin: "shown" | "hidden" | "minimised";
  /** Asked when the window is closed: does the app go on without it? */
  readonly staysOpen: () => boolean;
  readonly report: (problem: unknown) => void;
}

/** The app's one window: opened where it was, and remembered where it goes. */
export class MainWindow {
  readonly window: BrowserWindow;
  readonly #maximised: boolean;
  #seen = false;

  constructor(options: WindowOptions) {
    const { settings, preload, platform, icon, begin, report } = options;
    const saved = settings.place;
    this.#maximised = saved?.maximised ?? false;
    const bounds = placeWindow(saved?.bounds, workAreas());
    const window = new BrowserWindow(windowOptions(bounds, preload, platform, icon));
    this.window = window;
    guardNavigation(window.webContents, (url) => {
      shell.openExternal(url).catch(report);
    });
    // Every interface takes part in finding a path; that is what the app is for.
    window.webContents.setWebRTCIPHandlingPolicy("default");
    window.once("ready-to-show", () => {
      // It may have been asked for meanwhile.
      if (this.#seen) return;
      if (begin === "shown") this.#reveal();
      if (begin === "minimised") window.minimize();
    });
    // From the task bar, when it began there.
    window.once("restore", () => this.#reveal());
    rememberPlace(window, settings, () => this.#seen, report);
    window.on("close", (event) => {
      if (!options.staysOpen()) return;
      event.preventDefault();
      this.#hide();
    });
    const rescue = (): void => this.#rescue();
    screen.on("display-removed", rescue);
    window.on("closed", () => screen.off("display-removed", rescue));
    window.loadURL(`${ORIGIN}/`).catch(report);
  }

  get isGone(): boolean {
    return this.window.isDestroyed();
  }

  /** Brings the window to the front, from wherever it is. */
  show(): void {
    const { window } = this;
    if (window.isMinimized()) window.restore();
    this.#rescue();
    this.#reveal();
    window.focus();
  }

  /** Electron shows a window when it maximises it, so that waits until it is to be seen. */
  #reveal(): void {
    const first = !this.#seen;
    this.#seen = true;
    if (first && this.#maximised) this.window.maximize();
    this.window.show();
  }

  /** Of a screen that was taken away not every system brings the windows back, least a hidden one. */
  #rescue(): void {
    const { window } = this;
    if (window.isMaximized() || window.isFullScreen()) return;
    const bounds = window.getNormalBounds();
    const { x, y, ...size } = placeWindow(bounds, workAreas());
    if (x !== bounds.x || y !== bounds.y) window.setBounds({ x, y, ...size });
  }

  #hide(): void {
    const { window } = this;
    if (!window.isFullScreen()) {
      window.hide();
      return;
    }
    // macOS keeps an empty black screen of a window that is hidden in full screen.
    window.once("leave-full-screen", () => window.hide());
    window.setFullScreen(false);
  }
}

/** The primary screen's first. */
function workAreas() {
  const primary = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id);
  return [primary, ...others].map(({ workArea }) => workArea);
}

/** @param isSeen a window that nobody has seen has no place of its own yet */
function rememberPlace(
  window: BrowserWindow,
  settings: Settings,
  isSeen: () => boolean,
  report: (problem: unknown) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    if (!isSeen()) return;
    // The normal bounds: a maximised window becomes normal again at its own size.
    const place: Place = { bounds: window.getNormalBounds(), maximised: window.isMaximized() };
    settings.setPlace(place).catch(report);
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MS);
  };
  window.on("move", later);
  window.on("resize", later);
  window.on("maximize", later);
  window.on("unmaximize", later);
  window.on("close", save);
}

import { BrowserWindow, screen, shell } from "electron";
import { guardNavigation } from "./navigation.ts";
import { ORIGIN } from "./scheme.ts";
import type { Settings } from "./settings.ts";
import { placeWindow } from "./window-bounds.ts";
import { windowOptions } from "./window-options.ts";

const SAVE_DELAY_MS = 500;

/** Opens the app's window where it was, and remembers where it goes. */
export function openWindow(
  settings: Settings,
  preload: string,
  platform: string,
  report: (problem: unknown) => void,
): BrowserWindow {
  const primary = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id);
  const areas = [primary, ...others].map(({ workArea }) => workArea);
  const bounds = placeWindow(settings.bounds, areas);
  const window = new BrowserWindow(windowOptions(bounds, preload, platform));
  guardNavigation(window.webContents, (url) => {
    shell.openExternal(url).catch(report);
  });
  // Every interface takes part in finding a path; that is what the app is for.
  window.webContents.setWebRTCIPHandlingPolicy("default");
  window.once("ready-to-show", () => window.show());
  rememberBounds(window, settings, report);
  window.loadURL(`${ORIGIN}/`).catch(report);
  return window;
}

/** Brings the window to the front, from wherever it is. */
export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function rememberBounds(
  window: BrowserWindow,
  settings: Settings,
  report: (problem: unknown) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    // The normal bounds: a maximised window comes back at its own size.
    settings.setBounds(window.getNormalBounds()).catch(report);
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MS);
  };
  window.on("move", later);
  window.on("resize", later);
  window.on("close", save);
}

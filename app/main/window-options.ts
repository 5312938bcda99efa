import type { BrowserWindowConstructorOptions } from "electron";
import type { Bounds } from "./settings.ts";
import { MIN_HEIGHT, MIN_WIDTH } from "./window-bounds.ts";

/** @param platform the argument that the preload reads */
export function windowOptions(
  bounds: Bounds,
  preload: string,
  platform: string,
): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    title: "Beeline",
    autoHideMenuBar: true,
    // Shown when painted, so that nobody sees an empty frame.
    show: false,
    webPreferences: {
      preload,
      additionalArguments: [platform],
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Electron would fetch its dictionaries from a server of the Internet.
      spellcheck: false,
      // A hidden window still receives messages and keeps its links alive.
      backgroundThrottling: false,
    },
  };
}

import type { BrowserWindowConstructorOptions } from "electron";
import type { Bounds } from "./settings.ts";
import { MIN_HEIGHT, MIN_WIDTH } from "./window-bounds.ts";

/**
 * @param platform the argument that the preload reads
 * @param icon path of a picture; Linux alone takes it from here
 */
export function windowOptions(
  bounds: Bounds,
  preload: string,
  platform: string,
  icon: string,
): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    title: "Beeline",
    icon,
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
      // The session has it off until a person chooses a language (spell-check.ts).
      spellcheck: true,
      // A hidden window still receives messages and keeps its links alive.
      backgroundThrottling: false,
    },
  };
}

/** Electron in the shapes that the shell's own classes take; nothing is decided here. */
import { clipboard, dialog, Menu, nativeImage, Tray } from "electron";
import type { BrowserWindow } from "electron";
import { contextMenuTemplate } from "./context-menu.ts";
import type { FragilePage } from "./crash-recovery.ts";
import type { SystemTray } from "./tray-desk.ts";
import type { ShellWords } from "./words.ts";

export function systemTray(image: string): SystemTray {
  const tray = new Tray(image);
  return {
    setImage: (next) => tray.setImage(next),
    setToolTip: (text) => tray.setToolTip(text),
    setMenu: (template) => tray.setContextMenu(Menu.buildFromTemplate(template)),
    onPress: (listener) => {
      // On macOS a press opens the menu.
      if (process.platform !== "darwin") tray.on("click", listener);
    },
  };
}

/** The mark on the task bar's button; only Windows has one. */
export function overlay(
  window: BrowserWindow | undefined,
  image: string,
  description: string | undefined,
): void {
  if (process.platform !== "win32" || window === undefined || window.isDestroyed()) return;
  const mark = description === undefined ? null : nativeImage.createFromPath(image);
  window.setOverlayIcon(mark, description ?? "");
}

export function popUpContextMenu(
  window: BrowserWindow,
  words: () => ShellWords,
  report: (problem: unknown) => void,
): void {
  const { webContents } = window;
  webContents.on("context-menu", (_event, place) => {
    const template = contextMenuTemplate(place, words(), {
      replaceMisspelling: (word) => webContents.replaceMisspelling(word),
      learn: (word) => void webContents.session.addWordToSpellCheckerDictionary(word),
      copyText: (text) => {
        clipboard.writeText(text).catch(report);
      },
    });
    if (template.length > 0) Menu.buildFromTemplate(template).popup({ window });
  });
}

export function fragilePage(window: BrowserWindow): FragilePage {
  return {
    onGone: (listener) => {
      window.webContents.on("render-process-gone", (_event, { reason }) => listener(reason));
    },
    onHanging: (listener) => void window.on("unresponsive", listener),
    onAnswering: (listener) => void window.on("responsive", listener),
    reload: () => window.webContents.reload(),
    end: () => window.webContents.forcefullyCrashRenderer(),
    isDestroyed: () => window.isDestroyed(),
  };
}

export async function askAboutCrash(t: ShellWords): Promise<"reload" | "quit"> {
  const { response } = await dialog.showMessageBox({
    type: "error",
    message: t.crashedTitle,
    detail: t.crashedText,
    buttons: [t.reload, t.quit],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  });
  return response === 0 ? "reload" : "quit";
}

export async function askAboutHanging(
  t: ShellWords,
  withdraw: AbortSignal,
): Promise<"reload" | "wait"> {
  const { response } = await dialog.showMessageBox({
    type: "warning",
    message: t.hangsTitle,
    detail: t.hangsText,
    buttons: [t.wait, t.reload],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
    signal: withdraw,
  });
  return response === 1 ? "reload" : "wait";
}

/** @returns what cancels it */
export function afterTimeout(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
}

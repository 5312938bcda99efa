/** Electron's menus, as lists of things to press. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import { app } from "./app.ts";
import { BrowserWindow } from "./browser-window.ts";
import { HostEvent } from "./event.ts";
import { loud, MissingApi } from "./loud.ts";

type Template = Electron.MenuItemConstructorOptions;

/** What Electron puts under a role that stands for a whole menu. */
const SUBMENUS: Readonly<Record<string, Template[]>> = {
  appMenu: [{ role: "about" }, { role: "hide" }, { role: "quit" }],
  fileMenu: [{ role: "quit" }],
  editMenu: [{ role: "undo" }, { role: "cut" }, { role: "copy" }, { role: "paste" }],
  viewMenu: [{ role: "reload" }, { role: "resetZoom" }, { role: "zoomIn" }, { role: "zoomOut" }],
  windowMenu: [{ role: "minimize" }, { role: "close" }],
};

/** What a role does; the ones that Chromium does by itself in a real window are missing. */
const ROLES: Readonly<Record<string, () => void>> = {
  quit: () => app.quit(),
  close: () => BrowserWindow.getFocusedWindow()?.close(),
  hide: () => app.hide(),
  minimize: () => BrowserWindow.getFocusedWindow()?.minimize(),
  reload: () => BrowserWindow.getFocusedWindow()?.reload(),
  copy: () => BrowserWindow.getFocusedWindow()?.webContents.copy(),
  cut: () => BrowserWindow.getFocusedWindow()?.webContents.cut(),
  paste: () => BrowserWindow.getFocusedWindow()?.webContents.paste(),
  selectAll: () => BrowserWindow.getFocusedWindow()?.webContents.selectAll(),
};

type KnownOfItem = "checked" | "click" | "enabled" | "id" | "label" | "type" | "visible";

export class MenuItem implements Pick<Electron.MenuItem, KnownOfItem> {
  readonly id: string;
  readonly label: string;
  readonly type: Electron.MenuItem["type"];
  readonly role: Template["role"];
  readonly accelerator: string | null;
  readonly submenu: Menu | undefined;
  readonly toolTip: string;
  readonly sublabel: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  readonly click: () => void;

  constructor(options: Template) {
    const { role, submenu = role === undefined ? undefined : SUBMENUS[role] } = options;
    this.id = options.id ?? "";
    this.label = options.label ?? role ?? "";
    this.role = role;
    this.type = options.type ?? (submenu === undefined ? "normal" : "submenu");
    this.accelerator = options.accelerator ?? null;
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.toolTip = options.toolTip ?? "";
    this.sublabel = options.sublabel ?? "";
    if (Array.isArray(submenu)) this.submenu = Menu.buildFromTemplate(submenu);
    this.click = () => {
      if (!this.enabled) return;
      if (role === undefined) {
        if (this.type === "checkbox") this.checked = !this.checked;
        if (this.type === "radio") this.checked = true;
        const window: unknown = BrowserWindow.getFocusedWindow() ?? undefined;
        // The shell's functions are of Electron's types; the menu knows its own only.
        Reflect.apply(options.click ?? (() => {}), undefined, [this, window, new HostEvent()]);
        return;
      }
      const act = ROLES[role];
      if (act === undefined) throw new MissingApi(`MenuItem with the role "${role}"`);
      act();
    };
  }
}

export class Menu extends EventEmitter {
  static #ofApplication: Menu | null = null;
  readonly items: MenuItem[] = [];

  static buildFromTemplate(template: readonly (Template | MenuItem)[]): Menu {
    const menu = new Menu();
    for (const item of template) menu.append(item instanceof MenuItem ? item : new MenuItem(item));
    return loud("Menu", menu);
  }
  static setApplicationMenu(menu: Menu | null): void {
    Menu.#ofApplication = menu;
  }
  static getApplicationMenu(): Menu | null {
    return Menu.#ofApplication;
  }
  append(item: MenuItem): void {
    this.items.push(item);
  }
  popup(): void {
    this.emit("menu-will-show", new HostEvent());
  }
  closePopup(): void {
    this.emit("menu-will-close", new HostEvent());
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      if (item.id === id) return item;
      const found = item.submenu?.getMenuItemById(id) ?? null;
      if (found !== null) return found;
    }
    return null;
  }
}

/** What is seen and done from outside the shell's windows. Its functions run in the main process. */
import type Electron from "electron";

type Main = typeof Electron;

/** Kept in the main process by `watch`, for whoever looks into it later. */
interface Watched {
  readonly trays: Map<object, { toolTip: string; menu: Electron.Menu | undefined }>;
  readonly notifications: Electron.Notification[];
  /** Addresses that were to be opened in other programs; none really is. */
  readonly opened: string[];
  /** The menu that was opened last beside the pointer. */
  popup: Electron.Menu | undefined;
  badge: number;
  /** Seconds since somebody has touched the machine. */
  idleSeconds: number;
  /** What the system was asked to do with keys. */
  readonly keys: ("open" | "seal")[];
  /** Files that were saved: the name that the dialog would have proposed, and where it lies. */
  readonly saved: { readonly proposed: string; readonly path: string }[];
}

declare global {
  // A global of the main process: functions that Playwright runs there see nothing else.
  var watched: Watched;
}

/**
 * Runs in the main process before the shell does. Whole in itself, for its text is what goes there.
 * It replaces methods of prototypes, so that it does not matter who has imported what.
 */
export function watch(electron: Main): void {
  const { app, Menu, Notification, powerMonitor, safeStorage, screen, session, shell, Tray } =
    electron;
  const trays: Watched["trays"] = new Map();
  const notifications: Electron.Notification[] = [];
  const watched: Watched = {
    trays,
    notifications,
    opened: [],
    popup: undefined,
    badge: 0,
    idleSeconds: 0,
    keys: [],
    saved: [],
  };
  globalThis.watched = watched;

  hear(Tray.prototype, "setContextMenu", (tray, [menu]) => {
    ofTray(tray).menu = menu instanceof Menu ? menu : undefined;
  });
  hear(Tray.prototype, "setToolTip", (tray, [text]) => {
    ofTray(tray).toolTip = String(text);
  });
  hear(Tray.prototype, "destroy", (tray) => void trays.delete(tray));
  hear(Notification.prototype, "show", (shown) => {
    if (shown instanceof Notification) notifications.push(shown);
  });
  hear(Notification.prototype, "close", (closed) => {
    const index = notifications.findIndex((shown) => shown === closed);
    if (index !== -1) notifications.splice(index, 1);
  });
  hear(app, "setBadgeCount", (_app, [count]) => {
    watched.badge = Number(count);
  });
  hear(safeStorage, "encryptString", () => void watched.keys.push("seal"));
  hear(safeStorage, "decryptString", () => void watched.keys.push("open"));
  replace(shell, "openExternal", (_shell, [url]) => {
    watched.opened.push(String(url));
    return Promise.resolve();
  });
  // An open menu would wait for the pointer.
  replace(Menu.prototype, "popup", (menu) => {
    watched.popup = menu instanceof Menu ? menu : undefined;
  });

  replace(powerMonitor, "getSystemIdleTime", () => watched.idleSeconds);
  redirectWeb(given("web"));

  // A dialog for saving would wait for somebody.
  void app.whenReady().then(() => {
    const areas = given("screens")?.split(";") ?? [];
    if (areas.length > 0) {
      const displays = areas.map((area, id) => {
        const [x = 0, y = 0, width = 0, height = 0] = area.split(",").map(Number);
        return { id, bounds: { x, y, width, height }, workArea: { x, y, width, height } };
      });
      replace(screen, "getAllDisplays", () => displays);
      replace(screen, "getPrimaryDisplay", () => displays[0]);
    }
    session.defaultSession.on("will-download", (_event, item) => {
      const path = `${app.getPath("userData")}/saved-${watched.saved.length}`;
      item.setSavePath(path);
      item.once("done", () => {
        watched.saved.push({ proposed: item.getSaveDialogOptions().defaultPath ?? "", path });
      });
    });
  });

  /** What the test passes on by an argument of the program, which knows nothing of it. */
  function given(name: string): string | undefined {
    const flag = `--test-${name}=`;
    return process.argv.find((argument) => argument.startsWith(flag))?.slice(flag.length);
  }
  /** Pages of `*.example` are answered by a server of the test's. @param origin its address */
  function redirectWeb(origin: string | undefined): void {
    if (origin === undefined) return;
    const http = process.getBuiltinModule("node:http");
    const request: unknown = Reflect.get(http, "request");
    if (typeof request !== "function") throw new Error("Node has no http.request");
    replace(http, "request", (_http, [url, ...rest]) => {
      const isOurs = url instanceof URL && url.hostname.endsWith(".example");
      const target = isOurs ? new URL(url.pathname, origin) : url;
      const asked: unknown = Reflect.apply(request, http, [target, ...rest]);
      return asked;
    });
    process.getBuiltinModule("node:module").syncBuiltinESMExports();
  }
  function ofTray(tray: object): { toolTip: string; menu: Electron.Menu | undefined } {
    const known = trays.get(tray) ?? { toolTip: "", menu: undefined };
    trays.set(tray, known);
    return known;
  }
  function hear(part: object, name: string, note: (self: object, args: unknown[]) => void): void {
    const original: unknown = Reflect.get(part, name);
    if (typeof original !== "function") throw new Error(`Electron has no ${name}`);
    replace(part, name, (self, args) => {
      note(self, args);
      const result: unknown = Reflect.apply(original, self, args);
      return result;
    });
  }
  function replace(part: object, name: string, act: (self: object, args: unknown[]) => unknown) {
    const method = function method(this: object, ...args: unknown[]): unknown {
      return act(this, args);
    };
    if (!Reflect.set(part, name, method)) throw new Error(`${name} cannot be watched`);
  }
}

/** Everything that `Seen` says. */
export function look({ app, BrowserWindow, Menu }: Main): object {
  const { trays, notifications, opened, popup, badge, keys, saved } = globalThis.watched;
  return {
    version: app.getVersion(),
    windows: BrowserWindow.getAllWindows().map((window) => ({
      ...window.getBounds(),
      isVisible: window.isVisible(),
      isFocused: window.isFocused(),
      isMinimized: window.isMinimized(),
    })),
    trays: [...trays.values()].map(({ toolTip, menu }) => ({ toolTip, items: entries(menu) })),
    notifications: notifications.map(({ title, body, hasReply, actions }) => ({
      title,
      body,
      hasReply,
      actions: actions.map(({ text }) => text ?? ""),
    })),
    menu: entries(Menu.getApplicationMenu()),
    popup: entries(popup),
    opened,
    badge,
    keys,
    saved,
  };

  function entries(menu: Electron.Menu | null | undefined, path = ""): object[] {
    return (menu?.items ?? []).flatMap((item) => {
      const here = `${path}${item.label}`;
      const { checked, enabled, accelerator, type, role } = item;
      const below = entries(item.submenu, `${here}/`);
      if (type === "separator") return [];
      return [{ path: here, checked, enabled, accelerator, role: role ?? null }, ...below];
    });
  }
}

/** Presses an item. @param asked the menu's place and the labels of the way to the item, with `/` */
export function press({ Menu }: Main, asked: string): void {
  const [place, ...path] = asked.split("/");
  const [tray] = globalThis.watched.trays.values();
  const { popup } = globalThis.watched;
  const beside = place === "tray" ? tray?.menu : popup;
  const menu = place === "menu" ? Menu.getApplicationMenu() : beside;
  const item = find(menu?.items ?? [], path);
  if (item === undefined) throw new Error(`Nothing is at ${asked}`);
  if (!item.enabled) throw new Error(`${asked} is switched off`);
  Reflect.apply(item.click, item, []);

  function find(
    items: readonly Electron.MenuItem[],
    [first, ...rest]: readonly string[],
  ): Electron.MenuItem | undefined {
    const found = items.find(({ label }) => label === first);
    return rest.length === 0 || found === undefined
      ? found
      : find(found.submenu?.items ?? [], rest);
  }
}

/** Clicks the tray's icon. */
export function clickTray(): void {
  const [tray] = globalThis.watched.trays.keys();
  const emit: unknown = tray === undefined ? undefined : Reflect.get(tray, "emit");
  if (typeof emit !== "function") throw new Error("There is no icon in the tray");
  Reflect.apply(emit, tray, ["click", {}]);
}

/** @param asked `click`, `reply TEXT` or `action NUMBER`, of the notification that came last */
export function answerNotification(_electron: Main, asked: string): void {
  const shown = globalThis.watched.notifications.at(-1);
  if (shown === undefined) throw new Error("There is no notification");
  const [event = "", ...words] = asked.split(" ");
  const text = words.join(" ");
  const index = Number(text);
  const details = { preventDefault: () => {}, reply: text, actionIndex: index };
  const emit: unknown = Reflect.get(shown, "emit");
  if (typeof emit !== "function") throw new Error("Notifications tell nothing");
  Reflect.apply(emit, shown, [event, details, event === "reply" ? text : index]);
}

import type { MenuItemConstructorOptions } from "electron";
import type { BridgeShow } from "../preload/bridge.ts";
import { SHOWS } from "../preload/channels.ts";
import type { ShellWords } from "./words.ts";

/** The part of Electron's Tray that is used. Images are paths. */
export interface SystemTray {
  setImage(image: string): void;
  setToolTip(text: string): void;
  setMenu(template: MenuItemConstructorOptions[]): void;
  onPress(listener: () => void): void;
}

export interface TrayOptions {
  readonly create: (image: string) => SystemTray;
  readonly icons: { readonly plain: string; readonly unread: string };
  readonly words: () => ShellWords;
  /** Shows the window. */
  readonly open: () => void;
  readonly choose: (show: BridgeShow) => void;
  readonly quit: () => void;
}

/** The icon beside the clock: what is unread, how one is seen, and the way back to the window. */
export class TrayDesk {
  readonly #options: TrayOptions;
  readonly #tray: SystemTray;
  #unread = 0;
  #show: BridgeShow | undefined;

  constructor(options: TrayOptions) {
    this.#options = options;
    this.#tray = options.create(options.icons.plain);
    this.#tray.onPress(options.open);
    this.refresh();
  }

  setUnread(count: number): void {
    if (count === this.#unread) return;
    this.#unread = count;
    const { plain, unread } = this.#options.icons;
    this.#tray.setImage(count > 0 ? unread : plain);
    this.#tell();
  }

  /** @param show undefined while nobody is signed in: there is nothing to choose */
  setShow(show: BridgeShow | undefined): void {
    this.#show = show;
    this.refresh();
  }

  /** In the words of now. */
  refresh(): void {
    const { words, open, choose, quit } = this.#options;
    const t = words();
    const presence = SHOWS.map((show) => ({
      id: show,
      label: t.presence[show],
      type: "radio" as const,
      checked: show === this.#show,
      click: () => choose(show),
    }));
    this.#tray.setMenu([
      { id: "open", label: t.open, click: open },
      { type: "separator" },
      ...(this.#show === undefined ? [] : [...presence, { type: "separator" as const }]),
      { id: "quit", label: t.quit, click: quit },
    ]);
    this.#tell();
  }

  #tell(): void {
    const t = this.#options.words();
    this.#tray.setToolTip(this.#unread > 0 ? t.unread(this.#unread) : "Beeline");
  }
}

/**
 * Is there a place for a tray icon? Windows and macOS have one. On Linux it depends on the desktop:
 * plain GNOME shows none, and a window that closes to where nobody sees it is lost.
 */
export function hasTray(platform: NodeJS.Platform, desktop: string | undefined): boolean {
  if (platform !== "linux") return true;
  const names = (desktop ?? "").toLowerCase().split(":");
  // Ubuntu's GNOME comes with an extension that shows them.
  if (names.includes("ubuntu")) return true;
  return names.some((name) => DESKTOPS_WITH_TRAY.has(name));
}

/** As `$XDG_CURRENT_DESKTOP` names them. */
const DESKTOPS_WITH_TRAY: ReadonlySet<string> = new Set([
  "budgie",
  "cinnamon",
  "deepin",
  "kde",
  "lxde",
  "lxqt",
  "mate",
  "pantheon",
  "ukui",
  "unity",
  "x-cinnamon",
  "xfce",
]);

/** The desktop app as somebody at the machine has it: its window, its tray, its notifications. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type Page } from "playwright/test";
import * as v from "valibot";
import { Seen } from "./seen.ts";
import { startAgain, startShell, type Shell, type ShellKind, type Start } from "./shell.ts";
import { answerNotification, clickTray, look, press } from "./watch.ts";

/** A program that is about to end has ended by then. */
const END_TIMEOUT_MS = 3_000;

/** The menu that holds settings and quitting. */
export const appMenu = process.platform === "darwin" ? "Beeline" : "File";

export class Desktop implements AsyncDisposable {
  readonly #kind: ShellKind;
  readonly #start: Start;
  readonly #shell: Shell;

  private constructor(kind: ShellKind, start: Start, shell: Shell) {
    this.#kind = kind;
    this.#start = start;
    this.#shell = shell;
  }

  static async start(kind: ShellKind, start: Start): Promise<Desktop> {
    return new Desktop(kind, start, await startShell(kind, start));
  }

  /** The status with which the app ended. */
  get ended(): Promise<number> {
    return this.#shell.ended;
  }

  /** The page of the window that was opened first. */
  async page(): Promise<Page> {
    const pages = async (): Promise<readonly Page[]> => this.#shell.pages();
    await expect.poll(async () => (await pages()).length).toBeGreaterThan(0);
    const [page] = await pages();
    if (page === undefined) throw new Error("the window has gone");
    return page;
  }

  async look(): Promise<Seen> {
    return v.parse(Seen, await this.#shell.evaluate(look, ""));
  }

  /** @param path the labels of the way to the item, with `/` between; the tray's own has none */
  async press(place: "menu" | "popup" | "tray", path: string): Promise<void> {
    await this.#do(press, `${place}/${path}`);
  }
  /** Its icon; on macOS, where that opens the menu, its first item. */
  async clickTray(): Promise<void> {
    if (process.platform === "darwin") await this.press("tray", "Open Beeline");
    else await this.#shell.evaluate(clickTray, "");
  }

  /** The notification that came last is clicked, answered, or one of its buttons pressed. */
  async answer(with_: "click" | `reply ${string}` | `action ${number}`): Promise<void> {
    await this.#shell.evaluate(answerNotification, with_);
  }

  /** By the button of the window's frame. */
  async closeWindow(): Promise<void> {
    await this.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  }

  /** @param place x, y, width and height */
  async moveWindow(place: readonly [number, number, number, number]): Promise<void> {
    await this.#shell.evaluate(({ BrowserWindow }, asked) => {
      const [x = 0, y = 0, width = 0, height = 0] = asked.split(" ").map(Number);
      BrowserWindow.getAllWindows()[0]?.setBounds({ x, y, width, height });
    }, place.join(" "));
  }

  /** Somebody else's window is used. */
  async lookAway(): Promise<void> {
    await this.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.blur());
  }

  /** The operating system hands over a link, as macOS does. */
  async openLink(url: string): Promise<void> {
    await this.#shell.evaluate(({ app }, link) => {
      app.emit("open-url", { preventDefault: () => {} }, link);
    }, url);
  }

  /** Does the system guard keys? */
  async hasKeyring(): Promise<boolean> {
    const has = await this.evaluate(({ safeStorage }) => safeStorage.isEncryptionAvailable());
    return has === true;
  }

  /** Nobody has touched the machine for so long. */
  async rest(seconds: number): Promise<void> {
    await this.#shell.evaluate((_electron, idle) => {
      globalThis.watched.idleSeconds = Number(idle);
    }, String(seconds));
  }

  /** All screens but the primary one are taken away. */
  async unplugScreens(): Promise<void> {
    await this.evaluate(({ screen }) => {
      const [primary, ...others] = screen.getAllDisplays();
      Reflect.set(screen, "getAllDisplays", () => [primary]);
      for (const gone of others) screen.emit("display-removed", {}, gone);
    });
  }

  async lockScreen(): Promise<void> {
    await this.evaluate(({ powerMonitor }) => powerMonitor.emit("lock-screen"));
  }
  async unlockScreen(): Promise<void> {
    await this.evaluate(({ powerMonitor }) => powerMonitor.emit("unlock-screen"));
  }

  async crashPage(): Promise<void> {
    await this.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
  }

  /** Whether the window's page shows this, asked past Playwright: it gives up a page that crashed. */
  async shows(selector: string): Promise<boolean> {
    const shown = await this.#shell.evaluate(({ BrowserWindow }, asked) => {
      const code = `document.querySelector(${JSON.stringify(asked)}) !== null`;
      return BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code);
    }, selector);
    return shown === true;
  }

  /** Runs a function in the main process; it sees nothing of what is around it here. */
  async evaluate(act: Parameters<Shell["evaluate"]>[0]): Promise<unknown> {
    return this.#shell.evaluate(act, "");
  }

  /** As from its menu. */
  async quit(): Promise<void> {
    await this.#do(({ app }) => app.quit(), "");
    await this.ended;
  }

  /** The program is started once more on the same data. @returns the status with which that ended */
  async startAgain(args: readonly string[]): Promise<number> {
    return startAgain(this.#kind, { ...this.#start, args });
  }

  /** What ends the program may not be answered. */
  async #do(act: Parameters<Shell["evaluate"]>[0], arg: string): Promise<void> {
    try {
      await this.#shell.evaluate(act, arg);
    } catch (error) {
      const stays = sleep(END_TIMEOUT_MS, "stays", { ref: false });
      if ((await Promise.race([this.ended, stays])) === "stays") throw error;
    }
  }

  async kill(): Promise<void> {
    await this.#shell.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shell[Symbol.asyncDispose]();
  }
}

/** Whether the app opens when the person signs in to the machine. */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Says that nobody opened the window: the app stays in the background. */
export const HIDDEN_FLAG = "--hidden";

export interface LoginItem {
  get(): Promise<boolean>;
  /** Rejects where the system refuses. */
  set(open: boolean): Promise<void>;
}

/** The part of Electron's app that is used. */
export interface LoginItemApp {
  getLoginItemSettings(options?: { args?: string[] }): { openAtLogin: boolean };
  setLoginItemSettings(settings: { openAtLogin: boolean; args?: string[] }): void;
}

/** macOS and Windows keep a list of their own. */
export class SystemLoginItem implements LoginItem {
  readonly #app: LoginItemApp;

  constructor(app: LoginItemApp) {
    this.#app = app;
  }

  async get(): Promise<boolean> {
    return this.#app.getLoginItemSettings({ args: [HIDDEN_FLAG] }).openAtLogin;
  }

  async set(open: boolean): Promise<void> {
    this.#app.setLoginItemSettings({ openAtLogin: open, args: [HIDDEN_FLAG] });
  }
}

/** A desktop entry in the autostart folder (Desktop Application Autostart Specification). */
export class AutostartFile implements LoginItem {
  readonly #file: string;
  readonly #program: string;

  /**
   * @param configFolder `$XDG_CONFIG_HOME`, or `~/.config`
   * @param program absolute path of what is started; of an AppImage the image itself
   */
  constructor(configFolder: string, program: string) {
    this.#file = join(configFolder, "autostart", "beeline.desktop");
    this.#program = program;
  }

  async get(): Promise<boolean> {
    try {
      return (await stat(this.#file)).isFile();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }

  async set(open: boolean): Promise<void> {
    if (!open) {
      await rm(this.#file, { force: true });
      return;
    }
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(this.#file, autostartEntry(this.#program));
  }
}

/** A desktop entry that starts the program in the background. */
export function autostartEntry(program: string): string {
  return [
    "[Desktop Entry]",
    "Type=Application",
    "Name=Beeline",
    `Exec=${quoted(program)} ${HIDDEN_FLAG}`,
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ].join("\n");
}

/**
 * An argument of `Exec` (Desktop Entry Specification, "The Exec key"): quoted, with `\` before what
 * a shell would read, `%%` for a percent sign, and every `\` doubled once more as in any string.
 */
function quoted(argument: string): string {
  const escaped = argument.replaceAll(/["`$\\]/g, String.raw`\$&`).replaceAll("%", "%%");
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll("\n", String.raw`\n`)}"`;
}

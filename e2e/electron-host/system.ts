/** The parts of Electron that speak with the system: there is none, so each says or keeps the least. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Electron from "electron";
import { HostEvent } from "./event.ts";
import { machine } from "./link.ts";
import { loud } from "./loud.ts";

type DialogKnown = "showErrorBox" | "showMessageBox" | "showOpenDialog" | "showSaveDialog";

async function nobodyAnswers(): Promise<never> {
  throw new Error("A dialog was opened that nobody answers: the test has to");
}

export const dialog: Pick<Electron.Dialog, DialogKnown> = loud("dialog", {
  showErrorBox: (title: string, content: string) => {
    process.stderr.write(`${title}: ${content}\n`);
  },
  showMessageBox: nobodyAnswers,
  showOpenDialog: nobodyAnswers,
  showSaveDialog: nobodyAnswers,
});

type ShellKnown = "beep" | "openExternal" | "openPath" | "showItemInFolder";

export const shell: Pick<Electron.Shell, ShellKnown> = loud("shell", {
  openExternal: async () => {},
  openPath: async () => "",
  showItemInFolder: () => {},
  beep: () => {},
});

let copied = "";
export const clipboard: Pick<Electron.Clipboard, "readText" | "writeText"> = loud("clipboard", {
  readText: async () => copied,
  writeText: async (text: string) => {
    copied = text;
  },
});

/** Pictures are named by their paths, as the tray takes them. Windows alone needs more. */
export const nativeImage = loud("nativeImage", {});

/** The system's own key: in a file, as a keyring has it, beside the data that it guards. */
function systemKey(): Buffer {
  const file = join(machine.userData, "host-keyring");
  try {
    return readFileSync(file);
  } catch {
    const key = randomBytes(32);
    mkdirSync(machine.userData, { recursive: true });
    writeFileSync(file, key);
    return key;
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

type StorageKnown =
  | "decryptString"
  | "encryptString"
  | "getSelectedStorageBackend"
  | "isEncryptionAvailable";

export const safeStorage: Pick<Electron.SafeStorage, StorageKnown> = loud("safeStorage", {
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => "gnome_libsecret",
  encryptString: (text: string) => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", systemKey(), nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
  },
  decryptString: (sealed: Buffer) => {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const cipher = createDecipheriv("aes-256-gcm", systemKey(), nonce);
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const text = cipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8");
    return text + cipher.final("utf8");
  },
});

type Place = Pick<Electron.Display, "bounds" | "id" | "scaleFactor" | "workArea">;

const AREA = { x: 0, y: 0, width: 1920, height: 1040 };

class HostScreen extends EventEmitter {
  getPrimaryDisplay(): Place {
    return { id: 1, bounds: AREA, workArea: AREA, scaleFactor: 1 };
  }
  getAllDisplays(): Place[] {
    return [this.getPrimaryDisplay()];
  }
  getCursorScreenPoint(): Electron.Point {
    return { x: 0, y: 0 };
  }
}
export const screen = loud("screen", new HostScreen());

class HostPowerMonitor
  extends EventEmitter
  implements
    Pick<
      Electron.PowerMonitor,
      "getSystemIdleState" | "getSystemIdleTime" | "isOnBatteryPower" | "onBatteryPower"
    >
{
  readonly onBatteryPower = false;
  getSystemIdleTime(): number {
    return 0;
  }
  getSystemIdleState(idleThreshold: number): "active" | "idle" {
    return this.getSystemIdleTime() >= idleThreshold ? "idle" : "active";
  }
  isOnBatteryPower(): boolean {
    return false;
  }
}
export const powerMonitor = loud("powerMonitor", new HostPowerMonitor());

class HostTheme extends EventEmitter {
  themeSource: Electron.NativeTheme["themeSource"] = "system";
  readonly shouldUseDarkColors = false;
  readonly shouldUseHighContrastColors = false;
}
export const nativeTheme = loud("nativeTheme", new HostTheme());

/** Shown to nobody; whoever watches sees it asked for. */
class HostNotification extends EventEmitter {
  readonly title: string;
  readonly body: string;
  readonly hasReply: boolean;
  readonly actions: Electron.NotificationAction[];
  readonly silent: boolean;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.title = options.title ?? "";
    this.body = options.body ?? "";
    this.hasReply = options.hasReply ?? false;
    this.actions = options.actions ?? [];
    this.silent = options.silent ?? false;
    return loud("Notification", this);
  }
  static isSupported(): boolean {
    return true;
  }
  show(): void {
    this.emit("show", new HostEvent());
  }
  close(): void {
    this.emit("close", new HostEvent());
  }
}
export { HostNotification as Notification };

class HostTray extends EventEmitter {
  #toolTip = "";
  #isDestroyed = false;

  constructor(image: Electron.NativeImage | string) {
    super();
    this.setImage(image);
    return loud("Tray", this);
  }
  setToolTip(text: string): void {
    this.#toolTip = text;
  }
  getToolTip(): string {
    return this.#toolTip;
  }
  /** Shown nowhere. @throws for a file that is not there, as Electron does */
  setImage(image: Electron.NativeImage | string): void {
    if (typeof image === "string" && !existsSync(image)) {
      throw new Error(`Failed to load image from path '${image}'`);
    }
  }
  setTitle(): void {
    // Shown by macOS alone.
  }
  setContextMenu(): void {
    // Shown nowhere; whoever watches sees it.
  }
  setIgnoreDoubleClickEvents(): void {
    // Of macOS alone.
  }
  popUpContextMenu(): void {
    // Shown nowhere.
  }
  destroy(): void {
    this.#isDestroyed = true;
  }
  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
}
export { HostTray as Tray };

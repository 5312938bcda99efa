/**
 * What the preload exposes to the renderer as `window.beeline`: the whole of Electron that the user
 * interface sees. Types only; every argument is parsed again by the main process.
 */
import type { MENU_COMMANDS, SHOWS } from "./channels.ts";
import type { ConnectionBridge } from "./connection.ts";
import type { PolicyInfo } from "./policy-info.ts";
import type { SettingKey } from "./setting-keys.ts";

/** Settings are small values by key; the main process keeps them in its settings file. */
export type { SettingKey } from "./setting-keys.ts";

export interface BridgeNotification {
  /** At most 256 characters. */
  readonly title: string;
  /** At most 1,024 characters. */
  readonly body: string;
  /** A later notification with the same tag replaces this one; told back on a click. */
  readonly tag: string;
  /** May be answered and muted from the notification itself, where the system can. */
  readonly actions?: boolean;
}

/** What a person may choose to show of themselves. */
export type BridgeShow = (typeof SHOWS)[number];

/** Of the application menu and the tray; the page does them. */
export type MenuCommand = (typeof MENU_COMMANDS)[number];

/** What happens outside the page and is for the page to answer. */
export type BridgeEvent =
  | { readonly type: "command"; readonly command: MenuCommand }
  /** Chosen in the tray's menu. */
  | { readonly type: "presence"; readonly show: BridgeShow }
  /** A `beeline://` link was opened: at most 2,048 characters, and not read yet. */
  | { readonly type: "link"; readonly link: string }
  /** Nobody has touched the machine for the chosen time, or its screen is locked; and back again. */
  | { readonly type: "idle"; readonly idle: boolean }
  /** The machine was asleep: what hangs on its network is to be asked at once. */
  | { readonly type: "resumed" }
  /** Answered from the notification with this tag; at most 4,096 characters. */
  | { readonly type: "reply"; readonly tag: string; readonly text: string }
  /** The conversation of this notification is to be silent for an hour. */
  | { readonly type: "mute"; readonly tag: string };

/** What the page tells of itself for the menus and the tray. */
export interface BridgeState {
  readonly language: "en" | "zh-CN";
  /** What the account shows; absent while nobody is signed in. */
  readonly show?: BridgeShow;
}

/** What this machine is set to, for the settings. */
export interface BridgeDesktop {
  /** The app opens when the person signs in to the machine. */
  readonly loginItem: boolean;
  /** Keys are guarded by the operating system. */
  readonly guardedKeys: boolean;
  /** BCP 47 tags whose spelling can be checked; empty where the system chooses for itself. */
  readonly spellLanguages: readonly string[];
}

/** What a page on the web says of itself. Texts are plain, and only as honest as the page. */
export interface BridgePreview {
  /** Where the page was found in the end, after redirects. */
  readonly url: string;
  /** At most 300 characters. */
  readonly title: string;
  /** At most 500 characters. */
  readonly description?: string;
  /** `data:` URL of a PNG, JPEG, GIF or WebP of at most 512 KiB. */
  readonly image?: string;
}

/** What the host can do and its administrator allows. */
export interface PlatformFeatures {
  readonly tray: boolean;
  readonly loginItem: boolean;
  readonly spellCheck: boolean;
  readonly linkPreviews: boolean;
}

export interface BridgeAddress {
  readonly address: string;
  readonly port: number;
}

/** What happens on the local network; `lan` of the engine's ports says what each means. */
export type BridgeLanEvent =
  | { readonly type: "near" | "gone"; readonly device: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "state"; readonly state: "starting" | "working" | "unheard" | "failed" };

/** A server that announces itself on the local network. Nothing proves what it says. */
export interface BridgeServer {
  readonly name: string;
  readonly address: string;
  readonly secure: boolean;
  readonly pin?: string;
}

export interface PlatformInfo {
  /** The application's version, e.g. `0.1.0`. */
  readonly version: string;
  readonly os: "linux" | "mac" | "windows";
  /** The machine's name, for telling the owner's devices apart. */
  readonly hostName: string;
  /** Address of the server that the host suggests, e.g. given by a flag; absent where there is none. */
  readonly defaultServer?: string;
  readonly features: PlatformFeatures;
  /** What the administrator of the machine has set; absent where they have set nothing. */
  readonly policy?: PolicyInfo;
}

export interface BeelineBridge {
  /** Known when the page loads; does not change. */
  readonly platform: PlatformInfo;
  /** Proxies and updates. */
  readonly connection: ConnectionBridge;
  /** JSON text of the value, or undefined where it was never set. */
  getSetting(key: SettingKey): Promise<string | undefined>;
  /** @param value JSON text of at most 4 KiB; undefined removes it */
  setSetting(key: SettingKey, value: string | undefined): Promise<void>;
  /** Unread messages on the dock, task bar and tray; 0 clears it. */
  setBadge(count: number): void;
  notify(notification: BridgeNotification): void;
  /** Takes back what was notified with this tag, if it is still shown. */
  withdraw(tag: string): void;
  /** Calls back with the tag of a clicked notification; the window is shown already. Ends with the returned function. */
  onNotificationClick(handler: (tag: string) => void): () => void;
  /** The machine's own addresses (no loopback, no link-local), asked anew on every call. Port 0. */
  localAddresses(): Promise<readonly BridgeAddress[]>;
  /**
   * From the next connection to this host on, the certificate with this fingerprint (SHA-256 of its
   * DER, base64url) is trusted and no other; undefined: the platform's own rules.
   */
  pinServer(host: string, pin: string | undefined): Promise<void>;
  /** Has the host, since it was pinned, last shown another certificate? */
  refusedCertificate(host: string): Promise<boolean>;
  /**
   * Encrypts a key, base64 of 64 bytes at most, with one that the operating system guards. Undefined
   * where it has no place to guard one (Linux without a keyring).
   */
  protectKey(key: string): Promise<string | undefined>;
  /** Rejects for what this user on this machine did not protect. */
  unprotectKey(sealed: string): Promise<string>;
  /** Is there on the local network as that device, in place of one before. */
  joinLan(device: string): Promise<void>;
  leaveLan(): Promise<void>;
  /** Hands a text of at most 24 KiB to a device that is near; false where nobody took it. */
  sendLan(device: string, text: string): Promise<boolean>;
  /** What happens there from now on. Ends with the returned function. */
  onLan(handler: (event: BridgeLanEvent) => void): () => void;
  /** All servers on the local network, at every change. Ends with the returned function. */
  watchServers(handler: (servers: readonly BridgeServer[]) => void): () => void;
  /**
   * What happens from now on, and what happened before somebody listened (a link that opened the
   * app; the last 16 are kept). Ends with the returned function.
   */
  onEvent(handler: (event: BridgeEvent) => void): () => void;
  tellState(state: BridgeState): void;
  desktop(): Promise<BridgeDesktop>;
  /** Rejects where the system refuses. */
  setLoginItem(open: boolean): Promise<void>;
  /**
   * Fetches a page of the web for its preview; from this machine, without cookies. Undefined where
   * there is none: not http or https, a private address, too slow (5 s), no HTML, no title.
   */
  fetchPreview(url: string): Promise<BridgePreview | undefined>;
}

/**
 * What the preload exposes to the renderer as `window.beeline`: the whole of Electron that the user
 * interface sees. Types only; every argument is parsed again by the main process.
 */

/** Settings are small values by key; the main process keeps them in its settings file. */
export type SettingKey = "language" | "theme" | "account" | "server" | "notifications";

export interface BridgeNotification {
  /** At most 256 characters. */
  readonly title: string;
  /** At most 1,024 characters. */
  readonly body: string;
  /** A later notification with the same tag replaces this one; told back on a click. */
  readonly tag: string;
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
  /** The invitation link (`beeline://…`) with which the program was opened. */
  readonly inviteLink?: string;
}

export interface BeelineBridge {
  /** Known when the page loads; does not change. */
  readonly platform: PlatformInfo;
  /** JSON text of the value, or undefined where it was never set. */
  getSetting(key: SettingKey): Promise<string | undefined>;
  /** @param value JSON text of at most 4 KiB; undefined removes it */
  setSetting(key: SettingKey, value: string | undefined): Promise<void>;
  /** Unread messages on the dock, task bar and tray; 0 clears it. */
  setBadge(count: number): void;
  notify(notification: BridgeNotification): void;
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
}

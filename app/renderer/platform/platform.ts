/**
 * What the user interface needs of the program that shows it. Two implementations: a browser tab
 * and the Electron window.
 */
import type { ClientInfo, TransportAddress } from "../../../shared/protocol/index.ts";
import type { CertificateGuard } from "../ports/pinning-connector.ts";

/** Small remembered values; each is a JSON value of at most 4 KiB. */
export type SettingKey = "language" | "theme" | "account" | "server" | "notifications";

export interface PlatformNotification {
  readonly title: string;
  readonly body: string;
  /** A later one with the same tag replaces it; told back on a click. */
  readonly tag: string;
}

export type NotificationPermission = "granted" | "denied" | "ask" | "unsupported";

/** A Beeline server that announces itself on the local network. Nothing proves what it says. */
export interface FoundServer {
  /** At most 64 characters; what its administrator calls it. */
  readonly name: string;
  /** The address as one would type it, e.g. `https://chat.example.org` or `http://192.168.1.7:8080`. */
  readonly address: string;
  /** It says that it speaks TLS. */
  readonly secure: boolean;
  /**
   * What it says is the fingerprint of a certificate of its own, as in invitation links: worth as
   * much as the network, so to be trusted only where a person says so.
   */
  readonly pin?: string;
}

export interface Platform {
  readonly kind: "browser" | "electron";
  readonly client: ClientInfo;
  /** Proposed name of this device, e.g. `Chrome on Linux`. */
  readonly deviceName: string;
  /** Server address that a new user most likely wants; empty where there is none. */
  readonly defaultServer: string;
  /** The invitation link with which the program was opened, once: asking takes it. */
  takeInviteLink(): string | undefined;

  /** The parsed JSON value, or undefined where it was never set or cannot be read. */
  readSetting(key: SettingKey): Promise<unknown>;
  /** Best effort: a full or forbidden storage is told to the log, not to the user. */
  writeSetting(key: SettingKey, value: unknown): Promise<void>;

  /** Texts not sent yet; they survive the end of the program. The last 50 are kept. */
  readDraft(key: string): string;
  writeDraft(key: string, text: string): void;
  /** When the device is forgotten. */
  clearDrafts(): void;

  /** Unread messages on the tab title and the program's icon; 0 clears. */
  setUnread(count: number, title: string): void;

  notificationPermission(): NotificationPermission;
  /** Asks the person where the platform must. Call from a click. */
  requestNotifications(): Promise<NotificationPermission>;
  notify(notification: PlatformNotification): void;
  onNotificationClick(handler: (tag: string) => void): () => void;

  /** Checks servers' certificates against pins; absent in a browser, which asks nobody. */
  readonly guard?: CertificateGuard;

  /**
   * Looks for servers on the local network until the returned function is called; the handler gets
   * all that are there, at every change. Absent where the host cannot look (browsers).
   */
  readonly watchServers?: (handler: (servers: readonly FoundServer[]) => void) => () => void;

  /** Own addresses as last known; refreshed in the background. */
  localAddresses(): readonly TransportAddress[];
}

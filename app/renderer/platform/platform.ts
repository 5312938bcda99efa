/**
 * What the user interface needs of the program that shows it. Two implementations: a browser tab
 * and the Electron window.
 */
import type { ClientInfo, TransportAddress } from "../../../shared/protocol/index.ts";
import type {
  BridgeDesktop,
  BridgeEvent,
  BridgePreview,
  BridgeState,
  PlatformFeatures,
} from "../../preload/bridge.ts";
import type { ConnectionBridge } from "../../preload/connection.ts";
import type { PolicyInfo } from "../../preload/policy-info.ts";
import type { SettingKey } from "../../preload/setting-keys.ts";
import type { CertificateGuard } from "../ports/pinning-connector.ts";

/** Small remembered values; each is a JSON value of at most 4 KiB. */
export type { SettingKey } from "../../preload/setting-keys.ts";

export interface PlatformNotification {
  readonly title: string;
  readonly body: string;
  /** A later one with the same tag replaces it; told back on a click. */
  readonly tag: string;
  /** May be answered and muted from the notification itself, where the system can. */
  readonly actions?: boolean;
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

/** The desktop around the window; `app/preload/bridge.ts` says what each is. */
export interface Desktop {
  readonly os: "linux" | "mac" | "windows";
  readonly features: PlatformFeatures;
  onEvent(handler: (event: BridgeEvent) => void): () => void;
  tellState(state: BridgeState): void;
  look(): Promise<BridgeDesktop>;
  setLoginItem(open: boolean): Promise<void>;
}

/** What a page on the web says of itself. */
export type LinkPreview = BridgePreview;

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
  /** All whose key begins so: when an account is forgotten. */
  clearDrafts(prefix: string): void;

  /** Unread messages on the tab title and the program's icon; 0 clears. */
  setUnread(count: number, title: string): void;

  notificationPermission(): NotificationPermission;
  /** Asks the person where the platform must. Call from a click. */
  requestNotifications(): Promise<NotificationPermission>;
  notify(notification: PlatformNotification): void;
  /** Takes back what was notified with this tag, if it is still shown. */
  withdraw(tag: string): void;
  onNotificationClick(handler: (tag: string) => void): () => void;

  /** Checks servers' certificates against pins; absent in a browser, which asks nobody. */
  readonly guard?: CertificateGuard;

  /**
   * Looks for servers on the local network until the returned function is called; the handler gets
   * all that are there, at every change. Absent where the host cannot look (browsers).
   */
  readonly watchServers?: (handler: (servers: readonly FoundServer[]) => void) => () => void;

  /** Absent in a browser. */
  readonly desktop?: Desktop;

  /** Proxies and updates; absent in a browser, which has its own. */
  readonly connection?: ConnectionBridge;

  /** What the administrator of the machine has set; absent where they have set nothing. */
  readonly policy?: PolicyInfo;

  /**
   * Fetches a page of the web for its preview, from this machine. Undefined where there is none to
   * show. Absent in a browser, which may not read other sites, and where the administrator says so.
   */
  readonly fetchPreview?: (url: string) => Promise<LinkPreview | undefined>;

  /** Own addresses as last known; refreshed in the background. */
  localAddresses(): readonly TransportAddress[];
}

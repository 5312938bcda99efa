/** What the page may ask of the main process. Every argument is parsed here, where it arrives. */
import * as v from "valibot";
import type {
  BridgeAddress,
  BridgeDesktop,
  BridgeNotification,
  BridgePreview,
  BridgeState,
} from "../preload/bridge.ts";
import { DeviceId } from "../lan/lan.ts";
import { MAX_LAN_TEXT_BYTES } from "../lan/limits.ts";
import { CHANNELS, SHOWS } from "../preload/channels.ts";
import { SETTING_KEYS, type SettingKey } from "../preload/setting-keys.ts";
import type { GuardedIpc } from "./guarded-ipc.ts";

/** What the main process does for the page. */
export interface Host {
  getSetting(key: SettingKey): string | undefined;
  setSetting(key: SettingKey, value: string | undefined): Promise<void>;
  setBadge(count: number): void;
  notify(notification: BridgeNotification): void;
  withdraw(tag: string): void;
  localAddresses(): readonly BridgeAddress[];
  pinServer(host: string, pin: string | undefined): void;
  refusedCertificate(host: string): boolean;
  protectKey(key: string): string | undefined;
  unprotectKey(sealed: string): string;
  joinLan(device: DeviceId): void;
  leaveLan(): void;
  sendLan(device: DeviceId, text: string): Promise<boolean>;
  watchServers(): void;
  unwatchServers(): void;
  listen(): void;
  tellState(state: BridgeState): void;
  desktop(): Promise<BridgeDesktop>;
  setLoginItem(open: boolean): Promise<void>;
  fetchPreview(url: string): Promise<BridgePreview | undefined>;
}

const Key = v.picklist(SETTING_KEYS);
/** The proxy has a call of its own, which heeds the administrator. */
const OwnKey = v.picklist(SETTING_KEYS.filter((key) => key !== "proxy"));
const Json = v.pipe(v.string(), v.maxLength(4096), v.parseJson(), v.stringifyJson());
const Badge = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Tag = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const Notification = v.strictObject({
  title: v.pipe(v.string(), v.maxLength(256)),
  body: v.pipe(v.string(), v.maxLength(1024)),
  tag: Tag,
  actions: v.exactOptional(v.boolean()),
});
const State = v.strictObject({
  language: v.picklist(["en", "zh-CN"]),
  show: v.exactOptional(v.picklist(SHOWS)),
});
const WebAddress = v.pipe(v.string(), v.maxLength(2048), v.url());

/** A host name or address, as in a URL. */
const ServerHost = v.pipe(v.string(), v.regex(/^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])$/i));
const Key64 = v.pipe(v.string(), v.base64(), v.minLength(4), v.maxLength(88));
const ProtectedKey = v.pipe(v.string(), v.base64(), v.minLength(4), v.maxLength(4096));
const LanText = v.pipe(v.string(), v.minLength(1), v.maxBytes(MAX_LAN_TEXT_BYTES));
/** 32 bytes: the last character carries four bits only. */
const Pin = v.pipe(v.string(), v.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/));

export function registerIpc(on: GuardedIpc, host: Host): void {
  on(CHANNELS.getSetting, v.strictTuple([Key]), ([key]) => host.getSetting(key));
  on(CHANNELS.setSetting, v.strictTuple([OwnKey, v.optional(Json)]), ([key, value]) =>
    host.setSetting(key, value),
  );
  on(CHANNELS.setBadge, v.strictTuple([Badge]), ([count]) => host.setBadge(count));
  on(CHANNELS.notify, v.strictTuple([Notification]), ([notification]) => host.notify(notification));
  on(CHANNELS.withdraw, v.strictTuple([Tag]), ([tag]) => host.withdraw(tag));
  on(CHANNELS.localAddresses, v.strictTuple([]), () => host.localAddresses());
  on(CHANNELS.pinServer, v.strictTuple([ServerHost, v.optional(Pin)]), ([server, pin]) =>
    host.pinServer(server, pin),
  );
  on(CHANNELS.refusedCertificate, v.strictTuple([ServerHost]), ([server]) =>
    host.refusedCertificate(server),
  );
  on(CHANNELS.protectKey, v.strictTuple([Key64]), ([key]) => host.protectKey(key));
  on(CHANNELS.joinLan, v.strictTuple([DeviceId]), ([device]) => host.joinLan(device));
  on(CHANNELS.leaveLan, v.strictTuple([]), () => host.leaveLan());
  on(CHANNELS.sendLan, v.strictTuple([DeviceId, LanText]), ([device, text]) =>
    host.sendLan(device, text),
  );
  on(CHANNELS.watchServers, v.strictTuple([]), () => host.watchServers());
  on(CHANNELS.unwatchServers, v.strictTuple([]), () => host.unwatchServers());
  on(CHANNELS.unprotectKey, v.strictTuple([ProtectedKey]), ([sealed]) => host.unprotectKey(sealed));
  on(CHANNELS.listen, v.strictTuple([]), () => host.listen());
  on(CHANNELS.tellState, v.strictTuple([State]), ([state]) => host.tellState(state));
  on(CHANNELS.desktop, v.strictTuple([]), () => host.desktop());
  on(CHANNELS.setLoginItem, v.strictTuple([v.boolean()]), ([open]) => host.setLoginItem(open));
  on(CHANNELS.fetchPreview, v.strictTuple([WebAddress]), ([url]) => host.fetchPreview(url));
}

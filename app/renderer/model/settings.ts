import { effect, signal, type Signal } from "@preact/signals";
import { languages, matchLanguage, type Language } from "../i18n/i18n.ts";
import type { Platform } from "../platform/platform.ts";

export type Theme = "system" | "light" | "dark";
export const themes: readonly Theme[] = ["system", "light", "dark"];

/** The account that was open last. */
export interface RememberedAccount {
  readonly server: string;
  readonly userName: string;
  /** SHA-256 of the server's own certificate (base64url), where an invitation link gave it. */
  readonly pin?: string;
}

/** What a person chose for this installation; a change is written at once. */
export interface Settings {
  readonly language: Signal<Language>;
  readonly theme: Signal<Theme>;
  readonly notifications: Signal<boolean>;
  readonly server: Signal<string>;
  readonly account: Signal<RememberedAccount | undefined>;
}

/** Reads everything once; unreadable values become the defaults. */
export async function loadSettings(
  platform: Platform,
  preferred: readonly string[],
): Promise<Settings> {
  const [language, theme, notifications, server, account] = await Promise.all([
    platform.readSetting("language"),
    platform.readSetting("theme"),
    platform.readSetting("notifications"),
    platform.readSetting("server"),
    platform.readSetting("account"),
  ]);
  const settings: Settings = {
    language: signal(languages.find((known) => known === language) ?? matchLanguage(preferred)),
    theme: signal(themes.find((known) => known === theme) ?? "system"),
    notifications: signal(notifications !== false),
    server: signal(typeof server === "string" ? server : ""),
    account: signal(asAccount(account)),
  };
  remember(settings.language, (value) => platform.writeSetting("language", value));
  remember(settings.theme, (value) => platform.writeSetting("theme", value));
  remember(settings.notifications, (value) => platform.writeSetting("notifications", value));
  remember(settings.server, (value) => platform.writeSetting("server", value));
  remember(settings.account, (value) => platform.writeSetting("account", value));
  return settings;
}

/** Writes changes, not the value that was just read: a language that was never chosen follows the browser. */
function remember<T>(value: Signal<T>, write: (value: T) => Promise<void>): void {
  let first = true;
  effect(() => {
    const current = value.value;
    if (!first) void write(current);
    first = false;
  });
}

function asAccount(value: unknown): RememberedAccount | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!("server" in value) || !("userName" in value)) return undefined;
  const { server, userName } = value;
  if (typeof server !== "string" || typeof userName !== "string") return undefined;
  const pin = "pin" in value && typeof value.pin === "string" ? value.pin : undefined;
  return { server, userName, ...(pin === undefined ? {} : { pin }) };
}

import { effect, signal, type Signal } from "@preact/signals";
import { languages, matchLanguage, type Language } from "../i18n/i18n.ts";
import type { Platform } from "../platform/platform.ts";
import { AccountList } from "./account-list.ts";

export type Theme = "system" | "light" | "dark" | "contrast-light" | "contrast-dark";
export const themes = [
  "system",
  "light",
  "dark",
  "contrast-light",
  "contrast-dark",
] as const satisfies readonly Theme[];

/** In percent of the usual size. */
export const textSizes = [80, 90, 100, 110, 125, 150] as const;
export type TextSize = (typeof textSizes)[number];

export const motionChoices = ["system", "reduce"] as const;
export type MotionChoice = (typeof motionChoices)[number];

/** What a person chose for this installation; a change is written at once. */
export interface Settings {
  readonly language: Signal<Language>;
  readonly theme: Signal<Theme>;
  readonly textSize: Signal<TextSize>;
  readonly motion: Signal<MotionChoice>;
  readonly notifications: Signal<boolean>;
  /** Mentions are told also where the conversation is muted. */
  readonly mentions: Signal<boolean>;
  /** Where the last sign-in went. */
  readonly server: Signal<string>;
  readonly accounts: AccountList;
}

/** Reads everything once; unreadable values become the defaults. */
export async function loadSettings(
  platform: Platform,
  preferred: readonly string[],
): Promise<Settings> {
  const [language, theme, textSize, motion, notifications, mentions, server, accounts] =
    await Promise.all([
      platform.readSetting("language"),
      platform.readSetting("theme"),
      platform.readSetting("textSize"),
      platform.readSetting("motion"),
      platform.readSetting("notifications"),
      platform.readSetting("mentions"),
      platform.readSetting("server"),
      AccountList.load(platform),
    ]);
  const settings: Settings = {
    language: signal(languages.find((known) => known === language) ?? matchLanguage(preferred)),
    theme: signal(themes.find((known) => known === theme) ?? "system"),
    textSize: signal(textSizes.find((known) => known === textSize) ?? 100),
    motion: signal(motionChoices.find((known) => known === motion) ?? "system"),
    notifications: signal(notifications !== false),
    mentions: signal(mentions !== false),
    server: signal(typeof server === "string" ? server : ""),
    accounts,
  };
  remember(settings.language, (value) => platform.writeSetting("language", value));
  remember(settings.theme, (value) => platform.writeSetting("theme", value));
  remember(settings.textSize, (value) => platform.writeSetting("textSize", value));
  remember(settings.motion, (value) => platform.writeSetting("motion", value));
  remember(settings.notifications, (value) => platform.writeSetting("notifications", value));
  remember(settings.mentions, (value) => platform.writeSetting("mentions", value));
  remember(settings.server, (value) => platform.writeSetting("server", value));
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

/**
 * Every setting that is remembered for this installation: the one list of the page, the bridge and
 * the settings file. Each value is JSON of at most 4 KiB; who reads it checks what is in it.
 */
export const SETTING_KEYS = [
  "language",
  "theme",
  "account",
  "server",
  "notifications",
  /** boolean: mentions are told also where a conversation is muted. */
  "mentions",
  /** 80 to 150: size of the text in percent. */
  "textSize",
  "motion",
  /** Who is signed in here, and who was shown last. */
  "accounts",
  /** Salt and hash of the passphrase of the app lock, and how often it was guessed wrong. */
  "appLock",
  /** boolean: closing the window leaves the app in the tray. */
  "closeToTray",
  /** boolean: the window stays hidden when the app starts. */
  "startMinimised",
  /** number: minutes without a key or a movement until the person is away; 0 never. */
  "idleMinutes",
  /** string[]: ids of the users who are away for want of activity, and not by hand. */
  "autoAway",
  /** string[]: BCP 47 tags of the languages whose spelling is checked; empty for none. */
  "spellLanguages",
  /** How servers are reached; see proxy-setting.ts. The page changes it by the bridge's `setProxy`. */
  "proxy",
] as const;

export type SettingKey = (typeof SETTING_KEYS)[number];

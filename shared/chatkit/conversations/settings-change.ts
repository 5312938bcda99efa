import type { ConversationSettings } from "../store.ts";

/** What a person changes of one conversation's settings; absent fields stay as they are. */
export interface SettingsChange {
  readonly pinned?: boolean;
  readonly archived?: boolean;
  /** ms since the epoch; `Number.MAX_SAFE_INTEGER` for ever, 0 for not at all. */
  readonly mutedUntil?: number;
  readonly markedUnread?: boolean;
  /** Age at which messages are deleted here, ms; 0 to keep them. */
  readonly keepMs?: number;
}

/** The settings after a change; what is as it is by default is absent. */
export function changedSettings(
  before: ConversationSettings | undefined,
  change: SettingsChange,
): ConversationSettings {
  const all = { ...before, ...change };
  return {
    ...(all.pinned === true ? { pinned: true } : {}),
    ...(all.archived === true ? { archived: true } : {}),
    ...positive("mutedUntil", all.mutedUntil),
    ...(all.markedUnread === true ? { markedUnread: true } : {}),
    ...positive("keepMs", all.keepMs),
  };
}

/** No notifications at that time? */
export function isMuted(settings: ConversationSettings, now: number): boolean {
  return (settings.mutedUntil ?? 0) > now;
}

function positive<K extends string>(name: K, value = 0): { readonly [N in K]?: number } {
  const valid = Number.isSafeInteger(value) && value > 0;
  const found: { [N in K]?: number } = {};
  if (valid) found[name] = value;
  return found;
}

import type { ConversationSettings } from "../../../shared/chatkit/store.ts";

const HOUR_MS = 3_600_000;
/** When people begin their day. */
const MORNING_HOUR = 8;

export const muteTimes = ["hour", "hours", "morning", "always"] as const;
export type MuteTime = (typeof muteTimes)[number];

/** When notifications come again: ms since the epoch. */
export function muteUntil(time: MuteTime, now: number): number {
  switch (time) {
    case "hour":
      return now + HOUR_MS;
    case "hours":
      return now + 8 * HOUR_MS;
    case "morning": {
      // The calendar's day, which is not always 24 hours.
      const morning = new Date(now);
      morning.setDate(morning.getDate() + 1);
      morning.setHours(MORNING_HOUR, 0, 0, 0);
      return morning.getTime();
    }
    case "always":
      return Number.MAX_SAFE_INTEGER;
  }
}

/** Until when it is muted: undefined where it is not, Infinity for ever. */
export function mutedUntil(
  { mutedUntil: until = 0 }: ConversationSettings,
  now: number,
): number | undefined {
  if (until <= now) return undefined;
  return until === Number.MAX_SAFE_INTEGER ? Infinity : until;
}

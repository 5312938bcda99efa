import type { Catalogue } from "./en.ts";

/** Dates, times and numbers of one language. Times are ms since the epoch, in local time. */
export interface Format {
  /** `14:05` */
  time(at: number): string;
  /** Today, Yesterday, a weekday of the last week, or the date: the separators' text. */
  day(at: number, now: number): string;
  /** As short as it can be said: for lists. */
  brief(at: number, now: number): string;
  /** `May 2026` */
  month(at: number): string;
  /** Date and time in full: for tooltips. */
  full(at: number): string;
  /** `5 minutes ago` */
  ago(at: number, now: number): string;
  /** `12 ms`, `1.4 s` */
  duration(ms: number): string;
  /** `Ada, Ben and Cleo` */
  list(words: readonly string[]): string;
  number(value: number): string;
  /** `48 kB`, `1.2 MB`: powers of 1,000, as networks count. */
  bytes(value: number): string;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function createFormat(language: string, t: Catalogue): Format {
  // Made when it is first needed: each takes about as long as a row of a list.
  const format = (options: Intl.DateTimeFormatOptions): ((at: number) => string) => {
    let made: Intl.DateTimeFormat | undefined;
    return (at) => (made ??= new Intl.DateTimeFormat(language, options)).format(at);
  };
  const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const weekday = format({ weekday: "long" });
  const weekdayShort = format({ weekday: "short" });
  const thisYear = format({ weekday: "long", month: "long", day: "numeric" });
  const otherYear = format({ year: "numeric", month: "long", day: "numeric" });
  const month = format({ year: "numeric", month: "long" });
  const short = format({ month: "short", day: "numeric" });
  const shortYear = format({ year: "numeric", month: "numeric", day: "numeric" });
  const full = format({
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const lists = new Intl.ListFormat(language, { type: "conjunction" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const numbers = new Intl.NumberFormat(language);
  const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const sameYear = (a: number, b: number): boolean =>
    new Date(a).getFullYear() === new Date(b).getFullYear();

  return {
    time,
    day(at, now) {
      const days = daysBetween(at, now);
      if (days === 0) return t.time.today;
      if (days === 1) return t.time.yesterday;
      if (days > 1 && days < 7) return weekday(at);
      return (sameYear(at, now) ? thisYear : otherYear)(at);
    },
    brief(at, now) {
      const days = daysBetween(at, now);
      if (days === 0) return time(at);
      if (days === 1) return t.time.yesterday;
      if (days > 1 && days < 7) return weekdayShort(at);
      return (sameYear(at, now) ? short : shortYear)(at);
    },
    month,
    full,
    ago(at, now) {
      const past = Math.max(0, now - at);
      if (past < MINUTE) return t.time.justNow;
      if (past < HOUR) return relative.format(-Math.floor(past / MINUTE), "minute");
      if (past < DAY) return relative.format(-Math.floor(past / HOUR), "hour");
      if (past < 30 * DAY) return relative.format(-Math.floor(past / DAY), "day");
      return otherYear(at);
    },
    duration: (ms) =>
      ms < 10
        ? `${tenths.format(ms)} ms`
        : ms < 1000
          ? `${numbers.format(Math.round(ms))} ms`
          : `${tenths.format(ms / 1000)} s`,
    list: (words) => lists.format(words),
    number: (value) => numbers.format(value),
    bytes(value) {
      const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
      const scaled = value / 1000 ** step;
      return `${(scaled < 10 ? tenths : numbers).format(scaled < 10 ? scaled : Math.round(scaled))} ${units[step]}`;
    },
  };
}

/** Start of the local day. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function daysBetween(at: number, now: number): number {
  // Rounded, for a day of a clock change has 23 or 25 hours.
  return Math.round((startOfDay(now) - startOfDay(at)) / DAY);
}

import { existsSync, statSync } from "node:fs";
import type { Settings } from "../../config/settings.ts";
import { databaseFile } from "../data-folder.ts";
import { bad, good, type Finding } from "./finding.ts";

/** Beeline is younger than this: an earlier time is a clock that lost its battery. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** File times and the clock are read at different moments. */
const TOLERANCE_MS = 60_000;

/** Ages of sessions, invitations and mailboxes all follow the clock. */
export function checkClock(settings: Settings): readonly Finding[] {
  const now = Date.now();
  const text = new Date(now).toISOString();
  if (now < EARLIEST) return [bad(`Clock: ${text} cannot be right. Set the clock.`)];
  const file = databaseFile(settings);
  if (existsSync(file) && statSync(file).mtimeMs > now + TOLERANCE_MS) {
    return [bad(`Clock: ${text} is before the last change of the database. Set the clock.`)];
  }
  return [good(`Clock: ${text}.`)];
}

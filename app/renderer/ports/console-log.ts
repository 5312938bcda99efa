import type { Log } from "../../../shared/chatkit/ports.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof levels)[number];

/** The engine's log in the developer tools; what is below `level` is dropped. */
export function createConsoleLog(level: LogLevel): Log {
  const at = (own: LogLevel): Log[LogLevel] =>
    levels.indexOf(own) < levels.indexOf(level)
      ? () => undefined
      : // oxlint-disable-next-line no-console -- the developer tools are where a browser logs
        (message, fields) => console[own](`[beeline] ${message}`, ...(fields ? [fields] : []));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

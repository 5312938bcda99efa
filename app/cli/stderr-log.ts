import type { Log } from "../../shared/chatkit/ports.ts";
import { warn } from "./terminal.ts";

/** The engine's log, for `--verbose`. */
export const stderrLog: Log = {
  debug: (message, fields) => write("debug", message, fields),
  info: (message, fields) => write("info", message, fields),
  warn: (message, fields) => write("warning", message, fields),
  error: (message, fields) => write("error", message, fields),
};

function write(level: string, message: string, fields?: Record<string, unknown>): void {
  warn(`${level}: ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields, plain)}`}`);
}

/** JSON shows nothing of an error by itself. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
